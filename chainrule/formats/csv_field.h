// SPDX-License-Identifier: Apache-2.0
// One field of text: is it a number, missing, or text? Internal to formats/.
#pragma once

#include <cstddef>
#include <string_view>

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

/// Whether `text` is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace chainrule::formats
