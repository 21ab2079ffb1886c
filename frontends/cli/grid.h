// SPDX-License-Identifier: Apache-2.0
// Tables of text for people: columns as wide as they must be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::cli {

/// How many characters UTF-8 text has.
std::size_t length(std::string_view text);
/// A name from a file as a table shows it: harmless, and cut to 24 characters ("..." marks the cut).
std::string shortened(const std::string& name);

/// The first row is the heading.
struct Grid {
  std::vector<std::vector<std::string>> rows;
  std::vector<bool> to_the_right;  ///< per column

  std::size_t width(std::size_t column) const;
  std::string text() const;
};

}  // namespace chainrule::cli
