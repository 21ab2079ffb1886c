// SPDX-License-Identifier: Apache-2.0
// Plain-text tables; each column is as wide as its longest entry.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::cli {

/// The first row is the heading.
struct Grid {
  std::vector<std::vector<std::string>> rows;
  std::vector<bool> to_the_right;  ///< per column

  std::size_t width(std::size_t column) const;
  std::string text() const;
};

}  // namespace chainrule::cli
