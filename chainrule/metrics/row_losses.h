// SPDX-License-Identifier: Apache-2.0
// The loss of each row. Internal.
#pragma once

#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"

namespace chainrule {

/// The unweighted loss of each row; outputs: a(L), (rows.rows.size() x outputs), link not applied. Throws Error (usage)
/// if rows, outputs and targets do not match.
std::vector<double> losses_of_rows(const Loss& loss, ConstMatrixView outputs, const Selection& rows);

}  // namespace chainrule
