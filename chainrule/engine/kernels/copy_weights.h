// SPDX-License-Identifier: Apache-2.0
// Weights from the order of the kernels to that of formulas and files, and back.
#pragma once

#include <cstddef>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/kernels/weights.h"

namespace chainrule {

/// Copies W to the order of formulas and files: `rows`, (outputs x inputs), row by row.
template <class T>
void copy_weights(ConstWeightsView from, ViewOf<T> rows) {
  for (std::size_t i = 0; i < from.outputs(); ++i)
    for (std::size_t j = 0; j < from.inputs(); ++j) rows(i, j) = from(i, j);
}
/// The inverse.
template <class T>
void copy_weights(ViewOf<T> rows, WeightsView to) {
  for (std::size_t i = 0; i < to.outputs(); ++i)
    for (std::size_t j = 0; j < to.inputs(); ++j) to(i, j) = static_cast<float>(rows(i, j));
}

}  // namespace chainrule
