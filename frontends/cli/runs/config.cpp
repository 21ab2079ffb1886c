// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/training/options/options.h"
#include "cli/runs/text_file.h"
#include "cli/runs/toml_levels.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

Error refused(const std::string& where, const std::string& what, const std::string& hint = {}) {
  return Error(ErrorCategory::usage, where + ": " + what, hint);
}

// The text for the option table; false for a value that no option can have.
bool plain_text(const toml::node& node, std::string& text) {
  if (const auto* value = node.as_string())
    text = value->get();
  else if (const auto* whole = node.as_integer())
    text = std::to_string(whole->get());
  else if (const auto* number = node.as_floating_point())
    text = number_text(number->get());
  else if (const auto* flag = node.as_boolean())
    text = flag->get() ? "true" : "false";
  else
    return false;
  return true;
}

std::string text_of(const toml::node& node, const std::string& where) {
  std::string text;
  if (plain_text(node, text)) return text;
  const toml::array* list = node.as_array();
  if (list == nullptr)
    throw refused(where, "expected a text, number, true, false or a list of them, found a date or time");
  std::vector<std::string> texts;
  for (const toml::node& element : *list) {
    if (!plain_text(element, text)) throw refused(where, "expected a list of texts or numbers, found something else");
    texts.push_back(text);
  }
  return join_list(texts);
}

std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + '"';
}

// A TOML number; a text if TOML has no such number (all, a seed beyond 63 bits).
std::string toml_number(const std::string& text) {
  double value = 0;
  constexpr double kMax = 9.2e18;
  return number_from_text(text, value) && value < kMax ? text : toml_string(text);
}

std::string toml_value(const Option& option, const std::string& text) {
  const bool of_texts = option.kind == OptionKind::text_list;
  switch (option.kind) {
    case OptionKind::text:
      return toml_string(text);
    case OptionKind::flag:
      return text;
    case OptionKind::whole:
    case OptionKind::number:
      return toml_number(text);
    default:
      break;
  }
  std::vector<std::string> values;
  if (of_texts || text != "none")
    for (const std::string& part : split_list(text)) values.push_back(of_texts ? toml_string(part) : toml_number(part));
  return fmt::format("[{}]", fmt::join(values, ", "));
}

toml::table parse(const std::string& path, const std::string& shown, ErrorCategory category) {
  const std::string text = read_text_file(path, kMaxConfigBytes, "a TOML file", category);
  if (const std::size_t line = line_of_deep_toml(text); line > 0)
    throw Error(category,
                fmt::format("{}: expected at most {} levels, found more", location(shown, line), kMaxTomlLevels));
  try {
    return toml::parse(text, shown);
  } catch (const toml::parse_error& problem) {
    throw Error(category,
                location(shown, problem.source().begin.line) + ": not valid TOML: " + harmless(problem.description()));
  }
}

constexpr const char *kRun = "run", *kRequested = "requested";

// The keys of the options that a printed configuration names as requested; none: it names none, and all are.
std::optional<std::set<std::string>> requested_in(const toml::table& table, const std::string& shown) {
  const toml::node* const node = table.get(kRequested);
  if (node == nullptr) return std::nullopt;
  const std::string where = location(shown, node->source().begin.line) + ": " + kRequested;
  std::set<std::string> keys;
  for (const std::string& name : split_list(text_of(*node, where))) {
    if (find_option(name) == nullptr) throw refused(where, "unknown option " + in_quotes(name));
    keys.insert(find_option(name)->key());
  }
  return keys;
}

// Names of files may be any bytes, a TOML text only UTF-8: others are written in hexadecimal digits, as KEY_hex.
constexpr const char* kHex = "_hex";

std::string hex_of(const std::string& bytes) {
  std::string digits;
  for (const char c : bytes) digits += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return digits;
}

std::string bytes_of_hex(const std::string& digits, const std::string& where) {
  std::string bytes;
  for (std::size_t k = 0; k < digits.size(); k += 2) {
    unsigned byte = 0;
    const char* const end = digits.data() + std::min(k + 2, digits.size());
    const auto [stop, problem] = std::from_chars(digits.data() + k, end, byte, 16);
    if (problem != std::errc() || stop != end || digits.size() % 2 != 0)
      throw Error(ErrorCategory::input, where + ": expected pairs of hexadecimal digits, found " + in_quotes(digits));
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

// A line "key = "text"", or of several texts "key = ["text", "text"]"; "" for none.
std::string texts_line(const std::string& key, const std::vector<std::string>& texts) {
  if (texts.empty() || (texts.size() == 1 && texts[0].empty())) return "";
  const bool plain = std::ranges::all_of(texts, [](const std::string& text) { return harmless(text) == text; });
  std::vector<std::string> values;
  for (const std::string& text : texts) values.push_back(plain ? toml_string(text) : '"' + hex_of(text) + '"');
  const std::string value = fmt::format("{}", fmt::join(values, ", "));
  return fmt::format("{}{} = {}\n", key, plain ? "" : kHex, values.size() == 1 ? value : "[" + value + "]");
}

// The texts of such a line; other values are skipped.
std::vector<std::string> texts_in(const toml::table& table, const std::string& key) {
  std::vector<std::string> texts;
  const auto add = [&](const toml::node& node) {
    if (auto text = node.value<std::string>()) texts.push_back(*std::move(text));
  };
  const toml::node* const node = table.get(key);
  if (node != nullptr && node->is_array())
    for (const toml::node& one : *node->as_array()) add(one);
  else if (node != nullptr)
    add(*node);
  return texts;
}

std::vector<std::string> texts_of(const toml::table& run, const std::string& key, const std::string& path) {
  std::vector<std::string> texts = texts_in(run, key);
  if (!texts.empty()) return texts;
  texts = texts_in(run, key + kHex);
  for (std::string& digits : texts) digits = bytes_of_hex(digits, location(path) + ": " + key + kHex);
  return texts;
}

std::string key_of(std::string flag) {
  std::ranges::replace(flag, '-', '_');
  return flag;
}

}  // namespace

std::vector<Assignment> read_config(const std::string& path) {
  const std::string shown = path == "-" ? "<stdin>" : path;
  const toml::table table = parse(path, shown, ErrorCategory::usage);
  const std::optional<std::set<std::string>> requested = requested_in(table, shown);
  std::vector<std::pair<std::size_t, Assignment>> by_line;
  for (const auto& [key, node] : table) {
    const std::size_t line = key.source().begin.line;
    const std::string name(key.str());
    if ((name == kRun && node.is_table()) || name == kRequested) continue;
    const bool known = find_option(name) != nullptr;
    if (node.is_table())
      throw refused(location(shown, line), "expected only options, found the section " + in_quotes(name));
    const std::string where = location(shown, line) + (known ? ": " + find_option(name)->key() : "");
    const bool is_wish = !requested || !known || requested->contains(find_option(name)->key());
    by_line.push_back({line, {name, known ? text_of(node, where) : "", where, is_wish}});
  }
  std::stable_sort(by_line.begin(), by_line.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Assignment> assignments;
  for (auto& [line, assignment] : by_line) assignments.push_back(std::move(assignment));
  return assignments;
}

std::string config_text(const FitOptions& options) {
  std::string out = "# Options of `chainrule train`, for --config\n";
  std::vector<std::string> requested;
  for (const Option& option : option_table())
    if (is_used(option, options) && is_requested(options, option.name)) requested.push_back(toml_string(option.key()));
  out += fmt::format("\n# Set by the user; the others are defaults, ignored where they have no effect\n{} = [{}]\n",
                     kRequested, fmt::join(requested, ", "));
  std::string group;
  for (const Option& option : option_table()) {
    if (!is_used(option, options)) continue;
    if (option.group != group) out += fmt::format("\n# {}\n", option.group);
    group = option.group;
    out += fmt::format("{} = {}\n", option.key(), toml_value(option, option.get(options)));
  }
  return out;
}

std::string run_text(const RunRecord& record) {
  std::string out = fmt::format("\n# For `chainrule replay`\n[{}]\n", kRun);
  out += texts_line("data", record.data) + texts_line("validation", record.validation);
  for (const std::string flag : kLayoutFlags)
    if (const auto found = record.layout.find(flag); found != record.layout.end())
      out += texts_line(key_of(flag), {found->second});
  return out;
}

RunRecord read_run(const std::string& path) {
  const toml::table table = parse(path, path, ErrorCategory::input);
  const toml::table* const run = table[kRun].as_table();
  if (run == nullptr)
    throw Error(ErrorCategory::input, fmt::format("{}: expected a section [{}], found none", location(path), kRun),
                "train --run writes it");
  RunRecord record;
  record.data = texts_of(*run, "data", path);
  record.validation = texts_of(*run, "validation", path);
  for (const std::string flag : kLayoutFlags) {
    const std::vector<std::string> texts = texts_of(*run, key_of(flag), path);
    record.layout[flag] = texts.empty() ? "" : texts[0];
  }
  if (record.data.empty())
    throw Error(ErrorCategory::input, fmt::format("{}: [{}]: expected data, found none", location(path), kRun));
  return record;
}

}  // namespace chainrule::cli
