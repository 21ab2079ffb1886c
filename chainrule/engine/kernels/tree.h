// SPDX-License-Identifier: Apache-2.0
// The sum over the rows of a batch for one number, by the tree that kernels.h defines.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "chainrule/engine/kernels/kernels.h"

namespace chainrule::kernels {

/// Sum of term(row) for the rows 0 ... rows-1, in double: leaves of 64 rows, then a binary tree.
template <class Term>
double tree_sum(std::size_t rows, const Term& term) {
  std::array<double, 58> waiting{};  // one node per level; 64 * 2^58 rows do not exist
  std::size_t leaves = 0;
  for (std::size_t first = 0; first < rows; first += kLeafRows, ++leaves) {
    double sum = 0;
    for (std::size_t row = first; row < std::min(first + kLeafRows, rows); ++row) sum += term(row);
    std::size_t level = 0;
    for (; (leaves >> level) & 1; ++level) sum = waiting[level] + sum;
    waiting[level] = sum;
  }
  double total = 0;
  for (std::size_t level = 0; (leaves >> level) > 0; ++level)
    if ((leaves >> level) & 1) total = waiting[level] + total;
  return total;
}

}  // namespace chainrule::kernels
