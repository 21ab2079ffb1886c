// SPDX-License-Identifier: Apache-2.0
// Parts of plan_fit() and fit(): what the options say for a table, an encoder or a task. Internal.
#pragma once

#include "chainrule/data/encoder.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/network.h"
#include "chainrule/training/options/fit_options.h"

namespace chainrule {

/// The encoder options of these options for a table. Throws Error (usage).
EncoderOptions encoder_options(const Table& table, const FitOptions& options);
/// The network of these options for an encoder. Throws Error (usage).
Architecture architecture_for(const Encoder& encoder, const FitOptions& options);
/// The loss of these options for a task. Throws Error (usage) if it does not suit the task or the output activation.
Loss loss_for(Task task, const FitOptions& options);
/// The network at the start of training.
Network start_network(const Architecture& architecture, const FitOptions& options);

}  // namespace chainrule
