// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/table_columns.h"

#include <charconv>
#include <unordered_map>

namespace chainrule {

bool has_codes(const Table& table, const Column& column) { return column.codes.size() == table.rows; }

std::optional<std::size_t> try_find_column(const Table& table, std::string_view name_or_number) {
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (table.columns[c].name == name_or_number) return c;
  std::size_t number = 0;
  const char* const end = name_or_number.data() + name_or_number.size();
  const auto [stop, problem] = std::from_chars(name_or_number.data(), end, number);
  if (problem != std::errc() || stop != end || number < 1 || number > table.columns.size()) return std::nullopt;
  return number - 1;
}

std::vector<std::size_t> find_columns(const Table& table, const std::vector<std::string>& names,
                                      std::string_view option) {
  std::vector<std::size_t> found;
  if (names.empty()) return found;
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t c = 0; c < table.columns.size(); ++c) by_name.emplace(table.columns[c].name, c);
  for (const std::string& name : names) {
    const auto at = by_name.find(name);
    found.push_back(at != by_name.end() ? at->second : find_column(table, name, option));
  }
  return found;
}

}  // namespace chainrule
