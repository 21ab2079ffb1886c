// SPDX-License-Identifier: Apache-2.0
// The loop over training steps.
#pragma once

#include <cstddef>

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/training/history.h"

namespace chainrule {

/// Trains until the epochs are done, patience ends, or the observer says stop; the network ends with the best weights
/// seen on the validation rows (options.restore_best) or with the last ones. Throws Error (numerics) when training
/// diverges; the network then holds the best (or last finite) weights of a finished epoch. `threads` compute together,
/// here and below: 0 = as many as this process may use. No bit of a result depends on how many they are.
History train(Network& network, const Selection& training, const Selection& validation, const TrainOptions& options,
              const Observer& observer = {}, std::size_t threads = 0);

}  // namespace chainrule
