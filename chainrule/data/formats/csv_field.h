// SPDX-License-Identifier: Apache-2.0
// Classifies one field: number, missing, or text. Internal to formats/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::formats {

struct LoadOptions;

enum class FieldKind { number, missing, text };

struct FieldValue {
  FieldKind kind = FieldKind::missing;
  double number = 0;  ///< may be infinite; 0 if `kind` is not number
};

/// `text` without blanks and tabs at both ends, those of Unicode included (such as the no-break space).
std::string_view trimmed(std::string_view text);

/// Reads the usual form of a number: an optional minus, digits, perhaps a point and more digits, at most fifteen. It is
/// an integer over a power of ten; a double holds both exactly, so that their quotient is the nearest double. Returns
/// its end; nullptr if no such number begins at `next`.
inline const char* read_short_decimal(const char* next, const char* end, char point, double& number) {
  static constexpr std::array<double, 16> kPowers{1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  static constexpr std::array<double, 2> kSigns{1, -1};  // a branch would often be mispredicted
  constexpr std::ptrdiff_t kMaxDigits = 15;
  const auto is_digit = [](char c) { return static_cast<unsigned char>(c - '0') < 10; };
  const bool minus = next != end && *next == '-';
  next += minus ? 1 : 0;
  const char* const last =
      end - next > kMaxDigits + 2 ? next + kMaxDigits + 2 : end;  // beyond it there are too many digits
  const char* const first = next;
  std::uint64_t digits = 0;
  for (; next != last && is_digit(*next); ++next) digits = digits * 10 + static_cast<std::uint64_t>(*next - '0');
  std::ptrdiff_t count = next - first, decimals = 0;
  if (next != last && *next == point) {
    const char* const fraction = ++next;
    for (; next != last && is_digit(*next); ++next) digits = digits * 10 + static_cast<std::uint64_t>(*next - '0');
    decimals = next - fraction;
    count += decimals;
  }
  if (count == 0 || count > kMaxDigits) return nullptr;
  number = kSigns[minus ? 1 : 0] * (static_cast<double>(digits) / kPowers[static_cast<std::size_t>(decimals)]);
  return next;
}

/// A number fills the whole field except for blanks around it: decimal digits, point, exponent; a leading '+' or a
/// minus sign of Unicode is allowed. Missing: empty, NA, N/A, null, nan or ? in any case. Does not depend on the
/// locale.
FieldValue read_field(std::string_view text);

/// Reads fields as the options say: with further texts for missing values, in any case (a number stands for all its
/// spellings), without the usual ones, or with a decimal comma instead of the point.
class FieldReader {
 public:
  FieldReader() = default;
  explicit FieldReader(const LoadOptions& options);

  /// Whether a short decimal with a point always means that number.
  bool is_plain() const { return is_plain_; }
  FieldValue read(std::string_view text) const { return is_plain_ ? read_field(text) : read_otherwise(text); }
  /// Whether a number that is not text counts as missing: NaN, or one of the further ones.
  bool is_missing(double number) const;

 private:
  FieldValue read_otherwise(std::string_view text) const;

  std::vector<std::string> missing_;  // in lower case
  std::vector<double> missing_numbers_;
  char point_ = '.';
  bool default_missing_ = true;
  bool is_plain_ = true;
};

/// Whether `text` is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace chainrule::formats
