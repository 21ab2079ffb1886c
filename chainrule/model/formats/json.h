// SPDX-License-Identifier: Apache-2.0
// Reads JSON from untrusted files and writes it. Stricter than the standard: no duplicate keys, limited nesting, a
// limited number of values. Internal to formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace chainrule::formats {

/// One value. Integers from 0 to 2^64 - 1 without point or exponent stay integers; every other number is a double.
struct Json {
  struct Field;
  using List = std::vector<Json>;
  using Object = std::vector<Field>;  // in the order of the text
  std::variant<std::monostate, bool, std::uint64_t, double, std::string, List, Object> value;
};
struct Json::Field {
  std::string key;
  Json value;
};

/// Parses a whole text. Every message begins with `where`. Throws Error (input) for invalid JSON or UTF-8 (with the
/// byte), a zero byte, a duplicate key, more than 4 levels, or more than `max_values` values.
Json read_json(std::string_view text, std::size_t max_values, const std::string& where);

/// The value as the given type; `where` names it. Throw Error (input) "WHERE: expected X, found Y".
const std::string& text_of(const Json& json, const std::string& where);
std::uint64_t whole_of(const Json& json, const std::string& where);
double number_of(const Json& json, const std::string& where);
bool flag_of(const Json& json, const std::string& where);
const Json::List& list_of(const Json& json, const std::string& where);
const Json::Object& object_of(const Json& json, const std::string& where);

/// Element k of a list, for a message: "WHERE[k]".
inline std::string element(const std::string& where, std::size_t k) { return where + '[' + std::to_string(k) + ']'; }

/// An object with exactly these keys, in any order. Throws Error (input) with the missing or unknown key.
class Fields {
 public:
  Fields(const Json& json, const std::vector<std::string_view>& keys, std::string where);
  const Json& operator[](std::string_view key) const;
  std::string where(std::string_view key) const { return where_ + ": " + std::string(key); }
  const std::string& text(std::string_view key) const { return text_of((*this)[key], where(key)); }
  std::uint64_t whole(std::string_view key) const { return whole_of((*this)[key], where(key)); }
  double number(std::string_view key) const { return number_of((*this)[key], where(key)); }
  bool flag(std::string_view key) const { return flag_of((*this)[key], where(key)); }
  const Json::List& list(std::string_view key) const { return list_of((*this)[key], where(key)); }

 private:
  const Json::Object* object_;
  std::string where_;
};

/// In quotes, escaped. Throws Error (input) if the text is not UTF-8; `what` names it.
std::string json_text(std::string_view text, std::string_view what);
/// The shortest text that reads back as the same number; null for infinities and NaN.
std::string json_number(double value);
/// {"key":value,...} and [value,...]; the values must be JSON.
std::string json_object(const std::vector<std::pair<std::string, std::string>>& fields);
std::string json_list(const std::vector<std::string>& values);

}  // namespace chainrule::formats
