// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/text_decoder.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/formats/load_table.h"

namespace chainrule::formats {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The name that iconv knows for a common spelling of it.
std::string iconv_name(const std::string& encoding) {
  std::string small = encoding;
  std::ranges::transform(small, small.begin(), lower);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames{{{"latin-1", "ISO-8859-1"},
                                                                                 {"latin-9", "ISO-8859-15"},
                                                                                 {"utf8", "UTF-8"},
                                                                                 {"utf16", "UTF-16"},
                                                                                 {"utf32", "UTF-32"}}};
  for (const auto& [name, known] : kNames)
    if (small == name) return std::string(known);
  return encoding;
}

}  // namespace

TextDecoder::TextDecoder(const std::string& encoding) : state_(iconv_open("UTF-8", iconv_name(encoding).c_str())) {
  // The constructor's result is the pointer -1 for an unknown name (POSIX).
  if (state_ == reinterpret_cast<void*>(-1))
    throw option_error("encoding",
                       "expected an encoding that the system knows, such as utf-8, latin-1, windows-1252 or "
                       "utf-16, found " +
                           in_quotes(encoding));
}

TextDecoder::~TextDecoder() { iconv_close(state_); }

void check_encoding(const std::string& encoding) { const TextDecoder decoder(encoding); }

bool TextDecoder::decode(std::string_view bytes, bool last, std::string& out) {
  std::string input = std::exchange(cut_, {});
  input += bytes;
  char* next = input.data();
  std::size_t left = input.size();
  const std::size_t had = out.size();
  std::array<char, 4096> block;
  while (left > 0) {
    char* to = block.data();
    std::size_t room = block.size();
    const bool failed = iconv(state_, &next, &left, &to, &room) == static_cast<std::size_t>(-1);
    const int problem = errno;
    out.append(block.data(), block.size() - room);
    if (!failed || problem == E2BIG) continue;
    if (problem != EINVAL || last) return false;
    cut_.assign(next, left);
    break;
  }
  if (begins_ && out.size() > had) {
    begins_ = false;
    if (out.compare(had, kByteOrderMark.size(), kByteOrderMark) == 0) out.erase(had, kByteOrderMark.size());
  }
  return true;
}

}  // namespace chainrule::formats
