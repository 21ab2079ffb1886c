// SPDX-License-Identifier: Apache-2.0
// Text of other encodings to UTF-8, by the system's iconv. Internal to formats/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chainrule::formats {

class TextDecoder {
 public:
  /// `encoding`: a name such as latin-1, windows-1252 or utf-16 (little-endian without a byte order mark). Throws Error
  /// (usage) for a name that the system does not know.
  explicit TextDecoder(const std::string& encoding);
  TextDecoder(const TextDecoder&) = delete;
  TextDecoder& operator=(const TextDecoder&) = delete;
  ~TextDecoder();

  /// Appends the text of the next bytes to `out`, without a byte order mark; a character may be cut at the end of
  /// `bytes` unless these are the `last`. Returns whether all bytes were text of this encoding.
  bool decode(std::string_view bytes, bool last, std::string& out);

 private:
  void* state_;
  std::string cut_;  // the beginning of a character
  bool begins_ = true;
};

}  // namespace chainrule::formats
