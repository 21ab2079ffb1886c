// SPDX-License-Identifier: Apache-2.0
// Detects the format of a file by its first bytes: the readable formats, and the names of common other ones.
#include <algorithm>
#include <array>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/loaders.h"

namespace chainrule::formats {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view bytes;
  std::string_view what;
  std::string_view hint;
};

constexpr std::string_view kSaveAsCsv = "save the table as CSV";
constexpr std::string_view kSaveAsUtf8 = "save it as UTF-8";
constexpr std::string_view kUnpackFirst = "unpack it first; of compressed files, only gzip is read";

constexpr std::array kSignatures{
    Signature{"\x89PNG\r\n\x1a\n"sv, "a PNG image", ""},
    Signature{"\xFF\xD8\xFF"sv, "a JPEG image", ""},
    Signature{"GIF87a"sv, "a GIF image", ""},
    Signature{"GIF89a"sv, "a GIF image", ""},
    Signature{"II*\0"sv, "a TIFF image", ""},
    Signature{"MM\0*"sv, "a TIFF image", ""},
    Signature{"%PDF-"sv, "a PDF document", ""},
    Signature{"{\\rtf"sv, "an RTF document", kSaveAsCsv},
    Signature{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an old Office document (xls, doc)", kSaveAsCsv},
    Signature{"\x7F"
              "ELF"sv,
              "a program (ELF)", ""},
    Signature{"\x89HDF\r\n\x1a\n"sv, "an HDF5 file", kSaveAsCsv},
    Signature{"ARROW1\0\0"sv, "an Arrow file", kSaveAsCsv},
    Signature{"PAR1\x15"sv, "a Parquet file", kSaveAsCsv},
    Signature{"SQLite format 3\0"sv, "an SQLite database", kSaveAsCsv},
    Signature{"MATLAB 5.0 MAT-file"sv, "a MATLAB file", kSaveAsCsv},
    Signature{"\x1F\x8B"sv, "a gzip file inside the gzip file", "unpack it once"},
    Signature{"BZh91AY&SY"sv, "a bzip2 file", kUnpackFirst},
    Signature{"\xFD"
              "7zXZ\0"sv,
              "an xz file", kUnpackFirst},
    Signature{"\x28\xB5\x2F\xFD"sv, "a zstd file", kUnpackFirst},
    Signature{"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", kUnpackFirst},
    Signature{"Rar!\x1A\x07"sv, "a RAR archive", kUnpackFirst},
    Signature{"\xFF\xFE\0\0"sv, "UTF-32 text", kSaveAsUtf8},
    Signature{"\0\0\xFE\xFF"sv, "UTF-32 text", kSaveAsUtf8},
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

Signature name_zip(std::string_view head) {
  if (contains(head, "[Content_Types].xml") || contains(head, "xl/"))
    return {"", "a spreadsheet or document (xlsx, docx: a ZIP archive)", kSaveAsCsv};
  if (contains(head, ".npy")) return {"", "an NPZ archive", "save the array by itself with numpy.save"};
  if (contains(head, "mimetypeapplication/vnd.oasis")) return {"", "an OpenDocument file", kSaveAsCsv};
  if (contains(head, "data.pkl")) return {"", "a PyTorch file", ""};
  return {"", "a ZIP archive", "unpack it first"};
}

bool looks_like_safetensors(std::string_view head) {
  if (head.size() < 10 || head[8] != '{' || head[9] != '"') return false;
  return std::all_of(head.begin() + 4, head.begin() + 8, [](char c) { return c == 0; });
}

// UTF-16 without a byte order mark: of the first characters, every second byte is 0 and the others are not.
bool looks_like_utf16(std::string_view head) {
  const std::size_t count = std::min<std::size_t>(head.size(), 64) / 2;
  std::array<std::size_t, 2> zeros{0, 0};
  for (std::size_t i = 0; i < 2 * count; ++i) zeros[i % 2] += head[i] == 0;
  return count >= 2 && ((zeros[0] == 0 && zeros[1] == count) || (zeros[1] == 0 && zeros[0] == count));
}

// "| a | b |", then "|---|:-:|".
bool is_markdown_table(std::string_view head) {
  if (!head.starts_with('|')) return false;
  head.remove_prefix(std::min(head.find('\n'), head.size() - 1) + 1);
  const std::string_view rule = head.substr(0, head.find_first_of("\r\n"));
  return contains(rule, "---") && rule.find_first_not_of("|-: \t") == std::string_view::npos;
}

Signature name_markup(std::string_view head) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (head.substr(0, kMark.size()) == kMark) head.remove_prefix(kMark.size());
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  const std::string start = lowered(head.substr(0, 64));
  constexpr std::array kHtml{"<!doctype html"sv, "<html"sv, "<head"sv, "<body"sv, "<!--"sv, "<script"sv};
  for (const std::string_view tag : kHtml)
    if (start.starts_with(tag)) return {"", "an HTML page", "was an error page saved instead of the file?"};
  if (start.starts_with("<?xml") || start.starts_with("<svg")) return {"", "an XML document", ""};
  const std::size_t next = std::min(start.find_first_not_of(" \t\r\n", 1), start.size());
  const char second = next < start.size() ? start[next] : ' ';
  if (start.starts_with("{") && (second == '"' || second == '}')) return {"", "a JSON document", kSaveAsCsv};
  if (start.starts_with("[") && (second == '{' || second == '[')) return {"", "a JSON document", kSaveAsCsv};
  if (is_markdown_table(head)) return {"", "a Markdown table", kSaveAsCsv};
  if (start.starts_with("@relation")) return {"", "an ARFF file", kSaveAsCsv};
  return {};
}

Signature name_foreign(std::string_view head) {
  for (const Signature& signature : kSignatures)
    if (head.starts_with(signature.bytes)) return signature;
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06"sv)) return name_zip(head);
  if (head.size() >= 12 && head.starts_with("RIFF")) {
    if (head.substr(8, 4) == "WEBP") return {"", "a WebP image", ""};
    if (head.substr(8, 4) == "WAVE") return {"", "a sound file (WAV)", ""};
  }
  const bool has_nul = contains(head.substr(0, 64), "\0"sv);
  if (head.starts_with("BM") && has_nul) return {"", "a BMP image", ""};
  if (head.starts_with("MZ") && has_nul) return {"", "a Windows program", ""};
  if (head.starts_with("\x80\x02") || head.starts_with("\x80\x03") || head.starts_with("\x80\x04\x95") ||
      head.starts_with("\x80\x05\x95"))
    return {"", "a Python pickle", kSaveAsCsv};
  if (head.size() > 2 && head[0] == 8 && head[1] > 0 && head[1] < 0x20 && head[2] == 0x12)
    return {"", "an ONNX model", ""};
  if (looks_like_safetensors(head)) return {"", "a safetensors file (a model, not data)", ""};
  if (looks_like_utf16(head)) return {"", "UTF-16 text without a byte order mark", kSaveAsUtf8};
  return name_markup(head);
}

// IDX begins with 0, 0, element type, dimensions. A name like MNIST's also counts, so that errors name the damage.
bool claims_to_be_idx(std::string_view head, const std::string& path) {
  const bool all_zero = std::all_of(head.begin(), head.begin() + std::min<std::ptrdiff_t>(std::ssize(head), 16),
                                    [](char c) { return c == 0; });
  if (head.size() >= 4 && head[0] == 0 && head[1] == 0 && !all_zero) return true;
  const std::string file = path.substr(path.find_last_of('/') + 1);
  return contains(file, "idx") && contains(file, "-ubyte");
}

}  // namespace

Content recognise(InputStream& in) {
  const std::string_view head = in.peek(4096);
  const auto refuse = [&](std::string_view found, std::string_view hint) {
    throw Error(ErrorCategory::input,
                location(in.name()) + ": format: expected CSV, IDX or NPY, found " + std::string(found),
                hint == kSaveAsUtf8 ? message_of(NamedOption{"encoding"}, " reads other encodings; or ", kSaveAsUtf8)
                                    : Message(std::string(hint)));
  };
  if (head.empty()) refuse("an empty file", "");
  if (head.starts_with("\x93NUMPY")) return Content::npy;
  if (const Signature foreign = name_foreign(head); !foreign.what.empty()) refuse(foreign.what, foreign.hint);
  if (claims_to_be_idx(head, in.name())) return Content::idx;
  return Content::text;
}

}  // namespace chainrule::formats
