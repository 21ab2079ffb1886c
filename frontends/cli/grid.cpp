// SPDX-License-Identifier: Apache-2.0
#include "cli/grid.h"

#include <algorithm>

#include "cli/terminal.h"

namespace chainrule::cli {

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shortened(const std::string& name) {
  constexpr std::size_t kMostCharacters = 24;
  const std::string text = harmless(name);
  if (length(text) <= kMostCharacters) return text;
  std::size_t bytes = 0;
  for (std::size_t shown = 0; bytes < text.size(); ++bytes) {
    if ((static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) continue;
    if (++shown == kMostCharacters - 2) break;
  }
  return text.substr(0, bytes) + "...";
}

std::size_t Grid::width(std::size_t column) const {
  std::size_t most = 0;
  for (const auto& row : rows) most = std::max(most, length(row[column]));
  return most;
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
