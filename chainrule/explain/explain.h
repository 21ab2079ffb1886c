// SPDX-License-Identifier: Apache-2.0
// Training steps recorded as data: every number that the engine computed, next to the double-precision reference and
// the error bound for their difference. Layers, units and rows are named as in the article: layer 1 is the inputs,
// layer L the outputs, W(l) connects layer l to layer l + 1, indices count from 1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/reference/reference.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/engine/train_step.h"

namespace chainrule {

/// One quantity of a step, (rows x columns), row after row. docs/formats.md lists the names.
struct Tensor {
  std::string name;  ///< "z2", "W1", "delta3" ...
  std::size_t rows = 0, columns = 0;
  std::vector<double> engine;  ///< the engine's own numbers: floats, except losses and norms, which it keeps in double
  std::vector<double> reference;  ///< the reference: the same in double arithmetic
  std::vector<double> bound;      ///< the maximum of |engine - reference| (rounding error bounds, the worst case)
  /// What the engine should have computed from its own inputs of this operation, and the running bound for that; empty
  /// if the operation is not judged.
  std::vector<double> expected = {}, running_bound = {};
};

struct ExplainedStep {
  std::uint64_t step = 0;       ///< from 1
  std::vector<Tensor> tensors;  ///< in the order in which the step computes them

  /// nullptr if this step has no such quantity.
  const Tensor* find(std::string_view name) const;
  /// Throws Error (internal) if this step has no such quantity.
  const Tensor& of(std::string_view name) const;
};

/// A number of the engine that differs from the reference by more than its rounding error bound, or from what its own
/// inputs give by more than the running bound; `reference` and `bound` are those that it fails.
struct Excess {
  std::uint64_t step = 0;
  std::string name;  ///< of the tensor
  std::size_t row = 0, column = 0;
  double engine = 0, reference = 0, bound = 0;
};

struct Explanation {
  Architecture architecture;
  TrainOptions options;           ///< loss, optimizer, learning rate, decay, clipping, seed of the steps
  std::vector<std::size_t> rows;  ///< numbers of the rows in their file, from 1
  // The table before encoding; the caller fills these in if there is one.
  std::vector<InputColumn> columns;                  ///< name and scaling of each input; empty = unknown
  std::size_t image_height = 0, image_width = 0;     ///< inputs that are pixels
  std::vector<std::vector<std::string>> raw_inputs;  ///< per row, as written in the file
  std::vector<std::string> raw_targets;              ///< per row, as written in the file
  std::vector<std::string> output_names;             ///< classes, or the target; empty = unknown
  std::vector<ExplainedStep> steps;
};

/// Where the reference of a later step starts.
enum class ReferenceStart {
  engine,  ///< from the engine's numbers before that step: shows the error of this step alone, with tight bounds
  alone    ///< from the reference's previous step: shows how far the two drift apart; bounds grow from step to step
};

/// Makes `steps` training steps, each on the whole batch, at the learning rate of the options (without the schedule),
/// with a new optimizer state. The engine starts from these parameters rounded to float, the reference from the
/// parameters as given. Throws Error: (usage) for options out of range, (input) for no rows, (numerics) if a step
/// fails.
Explanation explain_steps(const Architecture& architecture, const ReferenceParameters& start,
                          const ReferenceBatch& batch, const TrainOptions& options, std::size_t steps = 1,
                          ReferenceStart reference = ReferenceStart::engine);

/// The factor lambda with which weight decay adds lambda * W to the gradient of W(layer) inside the update rule (M6),
/// including the layer's multiplier; 0 for adamw, which applies decay directly to the weights.
double decay_in_gradient(const Architecture& architecture, const TrainOptions& options, std::size_t layer);

/// The numbers that exceed their bound or are NaN, up to `most` of them.
std::vector<Excess> find_excesses(const Explanation& explanation, std::size_t max_count = 10);

/// The number of layers as the article counts them: L.
inline std::size_t layers_of(const Explanation& explanation) { return explanation.architecture.depth() + 1; }

}  // namespace chainrule
