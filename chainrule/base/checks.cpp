// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace chainrule {
namespace {

// Length in bytes of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629, table 3-7
// of the Unicode standard).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// C1 controls and the Unicode marks that reorder or split lines on a terminal are escaped like control bytes.
bool printable(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]) >= 0x20 && sequence[0] != 0x7F;
  if (sequence.size() == 2)
    return !(sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0) && sequence != "\xD8\x9C";
  if (sequence.size() == 3 && sequence.substr(0, 2) == "\xE2\x80") {
    const unsigned last = static_cast<unsigned char>(sequence[2]);
    return !((last >= 0x8B && last <= 0x8F) || (last >= 0xA8 && last <= 0xAE));
  }
  if (sequence.size() == 3 && sequence.substr(0, 2) == "\xE2\x81") {
    const unsigned last = static_cast<unsigned char>(sequence[2]);
    return !(last >= 0xA0 && last <= 0xAF);
  }
  if (sequence.size() == 3)
    return sequence != "\xEF\xBB\xBF" && !(sequence >= "\xEF\xBF\xB9" && sequence <= "\xEF\xBF\xBB");
  return !sequence.starts_with("\xF3\xA0\x80") && !sequence.starts_with("\xF3\xA0\x81");  // tags
}

std::string escaped(std::string_view text, std::size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < text.size(); ++shown) {
    if (shown == limit) return out + "...";
    const std::size_t length = utf8_length(text.substr(i));
    if (length > 0 && printable(text.substr(i, length))) {
      out.append(text, i, length);
      i += length;
      continue;
    }
    for (std::size_t end = i + std::max<std::size_t>(length, 1); i < end; ++i) {
      const unsigned byte = static_cast<unsigned char>(text[i]);
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::uint32_t code_point(std::string_view sequence) {
  constexpr unsigned char kLead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t code = static_cast<unsigned char>(sequence[0]) & kLead[sequence.size()];
  for (const char c : sequence.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

// Insertions, deletions, replacements and swaps of neighbors that turn `a` into `b`, no letter edited twice (optimal
// string alignment, after Damerau 1964).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1), above(b.size() + 1), second_above(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(second_above, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], second_above[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

std::string escape_marks(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  const auto escape = [&](std::uint32_t unit) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
  };
  for (std::size_t i = 0; i < json.size();) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const std::size_t length = byte < 0x7F ? 1 : std::max<std::size_t>(utf8_length(json.substr(i)), 1);
    const std::string_view sequence = json.substr(i, length);
    i += length;
    if (byte < 0x7F || (byte >= 0x80 && length == 1) || printable(sequence)) {
      out += sequence;
      continue;
    }
    const std::uint32_t code = code_point(sequence);
    if (code > 0xFFFF) escape(0xD800 + ((code - 0x10000) >> 10));
    escape(code > 0xFFFF ? 0xDC00 + ((code - 0x10000) & 0x3FF) : code);
  }
  return out;
}

Error option_error(std::string_view option, const Message& problem, Message hint) {
  return {ErrorCategory::usage, message_of(NamedOption{std::string(option)}, ": ", problem), std::move(hint)};
}

std::string in_quotes(std::string_view text, std::size_t limit) { return '"' + escaped(text, limit) + '"'; }

std::string location(std::string_view file, std::size_t line, std::size_t field) {
  std::string out = file.empty() ? "\"\"" : escaped(file, 4096);
  if (line > 0) out += ':' + std::to_string(line);
  if (line > 0 && field > 0) out += ':' + std::to_string(field);
  return out;
}

std::string nearest_name(std::string_view name, std::span<const std::string> known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(name.size() / 3, 1) + 1;
  if (name.size() > 64) return best;
  const std::string lower = lower_case(name);
  for (const std::string& candidate : known) {
    if (candidate.size() == lower.size() && lower_case(candidate) == lower) return candidate;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::size_t index_of_name(std::string_view name, std::span<const std::string> known, std::string_view option) {
  std::string normalized(name);
  std::ranges::replace(normalized, '-', '_');
  for (std::size_t i = 0; i < known.size(); ++i)
    if (known[i] == normalized) return i;
  std::string list;
  for (const std::string& candidate : known) list += (list.empty() ? "" : ", ") + candidate;
  const std::string near = nearest_name(normalized, known);
  throw option_error(option, "expected one of " + list + ", found " + in_quotes(name),
                     near.empty() ? "" : "did you mean " + near + "?");
}

void refuse_count(const char* what, const std::string& expected, std::size_t found) {
  throw Error(ErrorCategory::usage, std::string(what) + ": expected " + expected + ", found " + std::to_string(found));
}

std::size_t checked_product(std::size_t a, std::size_t b, std::string_view what) {
  if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b)
    throw Error(ErrorCategory::input,
                std::string(what) + ": " + std::to_string(a) + " x " + std::to_string(b) + " does not fit in memory");
  return a * b;
}

}  // namespace chainrule
