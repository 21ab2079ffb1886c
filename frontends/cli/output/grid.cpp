// SPDX-License-Identifier: Apache-2.0
#include "cli/output/grid.h"

#include <algorithm>

#include "chainrule/base/text.h"

namespace chainrule::cli {

std::size_t Grid::width(std::size_t column) const {
  std::size_t maximum = 0;
  for (const auto& row : rows) maximum = std::max(maximum, length(row[column]));
  return maximum;
}

std::string Grid::text() const {
  std::string out;
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; !rows.empty() && c < rows[0].size(); ++c) widths.push_back(width(c));
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string blanks(widths[c] - length(row[c]), ' ');
      line += "  " + (to_the_right[c] ? blanks + row[c] : row[c] + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace chainrule::cli
