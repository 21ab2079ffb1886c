// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/formats/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "chainrule/base/checks.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kMaxLevels = 4;

[[noreturn]] void refuse_json(const std::string& where, const std::string& what) {
  throw Error(ErrorCategory::input, where + ": " + what);
}

// Receives the parser's events and builds the value; the first error stops the parser and is kept in `problem`.
class Builder {
 public:
  explicit Builder(std::size_t max_values) : max_values_(max_values) {}

  Json root;
  std::string problem;

  bool null() { return add({}); }
  bool boolean(bool value) { return add({value}); }
  bool number_integer(std::int64_t value) { return add({static_cast<double>(value)}); }
  bool number_unsigned(std::uint64_t value) { return add({value}); }
  bool number_float(double value, const std::string&) { return add({value}); }
  bool string(std::string& value) { return add({std::move(value)}); }
  bool binary(const std::vector<std::uint8_t>&) { return stop("binary value"); }
  bool start_object(std::size_t) { return open({Json::Object()}); }
  bool start_array(std::size_t) { return open({Json::List()}); }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }
  bool end_object() {
    std::vector<std::string_view> keys;
    for (const auto& [name, value] : std::get<Json::Object>(open_.back()->value)) keys.push_back(name);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) return stop("key " + in_quotes(*twice) + " occurs twice");
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t byte, const std::string&, const std::exception&) {
    return stop("not valid JSON at byte " + std::to_string(byte));
  }

 private:
  bool stop(const std::string& what) {
    problem = what;
    return false;
  }

  Json* slot_for(Json value) {
    if (open_.empty()) return &(root = std::move(value));
    if (auto* list = std::get_if<Json::List>(&open_.back()->value)) {
      list->push_back(std::move(value));
      return &list->back();
    }
    auto& object = std::get<Json::Object>(open_.back()->value);
    object.push_back({std::move(key_), std::move(value)});
    return &object.back().value;
  }

  bool add(Json value) {
    if (++values_ > max_values_) return stop("expected at most " + std::to_string(max_values_) + " values, found more");
    slot_for(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (++values_ > max_values_) return stop("expected at most " + std::to_string(max_values_) + " values, found more");
    if (open_.size() == kMaxLevels)
      return stop("expected at most " + std::to_string(kMaxLevels) + " levels, found more");
    // The pointer stays valid while the value is open: until then its parent receives no further value.
    open_.push_back(slot_for(std::move(value)));
    return true;
  }

  std::size_t max_values_, values_ = 0;
  std::vector<Json*> open_;
  std::string key_;
};

struct Describe {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return json_number(value); }
  std::string operator()(const std::string& value) const { return in_quotes(value); }
  std::string operator()(const Json::List& value) const { return "a list of " + std::to_string(value.size()); }
  std::string operator()(const Json::Object&) const { return "an object"; }
};

[[noreturn]] void refuse_kind(const Json& json, const std::string& where, const std::string& expected) {
  refuse_json(where, "expected " + expected + ", found " + std::visit(Describe(), json.value));
}

template <class T>
const T& value_of(const Json& json, const std::string& where, const char* expected) {
  if (const T* value = std::get_if<T>(&json.value)) return *value;
  refuse_kind(json, where, expected);
}

}  // namespace

Json read_json(std::string_view text, std::size_t max_values, const std::string& where) {
  const std::size_t zero = text.find('\0');  // the parser would stop there
  if (zero != std::string_view::npos) refuse_json(where, "zero byte at byte " + std::to_string(zero + 1));
  Builder builder(max_values);
  if (!nlohmann::json::sax_parse(text, &builder)) refuse_json(where, builder.problem);
  return std::move(builder.root);
}

const std::string& text_of(const Json& json, const std::string& where) {
  return value_of<std::string>(json, where, "a text");
}

std::uint64_t whole_of(const Json& json, const std::string& where) {
  return value_of<std::uint64_t>(json, where, "a whole number");
}

double number_of(const Json& json, const std::string& where) {
  if (const auto* whole = std::get_if<std::uint64_t>(&json.value)) return static_cast<double>(*whole);
  return value_of<double>(json, where, "a number");
}

bool flag_of(const Json& json, const std::string& where) { return value_of<bool>(json, where, "true or false"); }

const Json::List& list_of(const Json& json, const std::string& where) {
  return value_of<Json::List>(json, where, "a list");
}

const Json::Object& object_of(const Json& json, const std::string& where) {
  return value_of<Json::Object>(json, where, "an object");
}

Fields::Fields(const Json& json, const std::vector<std::string_view>& keys, std::string where)
    : object_(&object_of(json, where)), where_(std::move(where)) {
  const auto known = [&](const auto& field) { return std::find(keys.begin(), keys.end(), field.key) != keys.end(); };
  for (const std::string_view key : keys) (*this)[key];
  const auto stranger = std::find_if_not(object_->begin(), object_->end(), known);
  if (stranger != object_->end()) refuse_json(where_, "unknown key " + in_quotes(stranger->key));
}

const Json& Fields::operator[](std::string_view key) const {
  for (const auto& [name, value] : *object_)
    if (name == key) return value;
  refuse_json(where_, "missing key " + in_quotes(key));
}

std::string json_text(std::string_view text, std::string_view what) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    refuse_json(std::string(what), "expected UTF-8, found " + in_quotes(text));
  }
}

std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  const std::string text = fmt::format("{}", value);
  return text == "-0" ? "-0.0" : text;  // an integer would lose the sign of zero
}

std::string json_object(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text = "{";
  for (const auto& [key, value] : fields) {
    if (text.size() > 1) text += ',';
    text += json_text(key, "key") + ':' + value;
  }
  return text + '}';
}

std::string json_list(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ',';
    text += value;
  }
  return text + ']';
}

}  // namespace chainrule::formats
