// SPDX-License-Identifier: Apache-2.0
// One field of text: is it a number, missing, or text? Internal to formats/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::formats {

enum class FieldKind { number, missing, text };

struct FieldValue {
  FieldKind kind = FieldKind::missing;
  double number = 0;  ///< may be infinite; 0 where `kind` is not number
};

/// `text` without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// A number uses up the whole field, blanks around it aside: decimal digits, point, exponent; a leading '+' is read.
/// Missing: empty, NA, N/A, null, nan or ? in any case. Does not depend on the locale.
FieldValue read_field(std::string_view text);

/// Reads fields with more texts that are missing than the usual ones, in any case (a number stands for all its
/// spellings), or with a decimal comma in place of the point.
class FieldReader {
 public:
  FieldReader() = default;
  FieldReader(const std::vector<std::string>& missing, bool decimal_comma);

  FieldValue read(std::string_view text) const { return is_plain_ ? read_field(text) : read_otherwise(text); }

 private:
  FieldValue read_otherwise(std::string_view text) const;

  std::vector<std::string> missing_;  // in small letters
  std::vector<double> missing_numbers_;
  char point_ = '.';
  bool is_plain_ = true;
};

/// Whether `text` is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace chainrule::formats
