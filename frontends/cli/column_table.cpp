// SPDX-License-Identifier: Apache-2.0
#include "cli/column_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/grid.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kManyColumns = 20;  // from here on, a line says how many there are of each type
constexpr std::size_t kRoomForValues = 60;

std::string types_text(const TableFacts& facts) {
  std::map<ColumnType, std::size_t> counts;
  for (const ColumnFacts& column : facts.columns) ++counts[column.reading.type];
  std::string out;
  for (const auto& [type, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, name_of(type));
  return "types: " + out + "\n";
}

// As many characters as fit.
std::string cut(const std::string& line, std::size_t width) {
  if (length(line) <= width || width < 4) return line;
  std::size_t bytes = 0, characters = 0;
  for (; bytes < line.size(); ++bytes) {
    if ((static_cast<unsigned char>(line[bytes]) & 0xC0) == 0x80) continue;
    if (characters++ == width - 3) break;
  }
  return line.substr(0, bytes) + "...";
}

struct Row {
  std::vector<std::string> cells;
  std::string values;
};

Row row_of(const Table& table, const TableFacts& facts, std::size_t c, std::size_t room) {
  const ColumnFacts& column = facts.columns[c];
  const std::string missing = column.missing == 0 ? "" : std::to_string(column.missing);
  const std::string distinct = column.distinct == 0 ? "" : std::to_string(column.distinct);
  return {{std::to_string(c + 1), shortened(table.columns[c].name), std::string(name_of(column.reading.type)), missing,
           distinct, facts.uses[c].words},
          values_text(column, table.columns[c], room)};
}

// The values as a column before the last.
std::string one_line_each(const std::vector<Row>& rows) {
  Grid grid{{{"nr", "column", "type", "missing", "distinct", "values", "training"}},
            {true, false, false, true, true, false, false}};
  for (const Row& row : rows) {
    grid.rows.push_back(row.cells);
    grid.rows.back().insert(grid.rows.back().end() - 1, row.values);
  }
  return grid.text();
}

// The values below, and what training does, too, where the line is full.
std::string lines_each(const std::vector<Row>& rows, std::size_t width) {
  Grid grid{{{"nr", "column", "type", "missing", "distinct", "training"}}, {true, false, false, true, true, false}};
  for (const Row& row : rows) grid.rows.push_back(row.cells);
  std::size_t before = 2 * grid.rows[0].size();
  for (std::size_t k = 0; k + 1 < grid.rows[0].size(); ++k) before += grid.width(k);
  for (std::size_t k = 1; k < grid.rows.size(); ++k)
    if (before + length(grid.rows[k].back()) > width) grid.rows[k].back().clear();
  const std::string text = grid.text();
  const std::string indent(grid.width(0) + 4, ' ');
  std::string out;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    out += cut(text.substr(begin, end - begin), width) + "\n";
    if (line > 0) out += cut(indent + rows[line - 1].values, width) + "\n";
    if (line > 0 && grid.rows[line].back().empty() && !rows[line - 1].cells.back().empty())
      out += cut(indent + rows[line - 1].cells.back(), width) + "\n";
    begin = end + 1;
  }
  return out;
}

std::size_t widest_line(const std::string& text) {
  std::size_t most = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    most = std::max(most, length(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return most;
}

}  // namespace

std::string columns_text(const Table& table, const TableFacts& facts, const Terminal& terminal) {
  const bool narrow = terminal.output_is_terminal;
  const std::size_t shown = narrow ? std::min(kColumnsShown, table.columns.size()) : table.columns.size();
  std::string out = table.columns.size() > kManyColumns ? types_text(facts) + "\n" : "";
  std::vector<Row> rows;
  for (std::size_t c = 0; c < shown; ++c) rows.push_back(row_of(table, facts, c, kRoomForValues));
  const std::string wide = one_line_each(rows);
  if (narrow && widest_line(wide) > terminal.output_width) {
    const std::size_t room = std::max<std::size_t>(terminal.output_width, 20) - 8;
    for (std::size_t c = 0; c < shown; ++c) rows[c] = row_of(table, facts, c, room);
    out += lines_each(rows, terminal.output_width);
  } else {
    out += wide;
  }
  if (shown < table.columns.size())
    out += fmt::format("  and {} more columns (a pipe or --json gets all)\n", table.columns.size() - shown);
  return out;
}

}  // namespace chainrule::cli
