// SPDX-License-Identifier: Apache-2.0
// Loss and metrics of a network on rows.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/network.h"
#include "chainrule/metrics/metrics.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Both functions throw Error (usage) if rows, outputs and targets do not match. Loss (mean over rows with the weights
/// of the loss) as metric "loss", then the metrics of compute_metrics().
Metrics evaluate(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads = 0,
                 std::string_view also = {}, std::optional<double> threshold = {});
/// The unweighted loss of each row; outputs: a(L), (rows.rows.size() x outputs), link not applied.
std::vector<double> losses_of_rows(const Loss& loss, ConstMatrixView outputs, const Selection& rows);

}  // namespace chainrule
#pragma GCC visibility pop
