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

/// Both throw Error (usage) for rows, outputs and targets that do not belong together.
/// Loss (mean over rows, weights of the loss counted) as metric "loss", then what compute_metrics() gives.
Metrics evaluate(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads = 0,
                 std::string_view also = {}, std::optional<double> threshold = {});
/// The loss of each row, its weight left out; outputs: a(L), (rows.rows.size() x outputs), the link not applied.
std::vector<double> losses_of_rows(const Loss& loss, ConstMatrixView outputs, const Selection& rows);

}  // namespace chainrule
#pragma GCC visibility pop
