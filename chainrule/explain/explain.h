// SPDX-License-Identifier: Apache-2.0
// Training steps recorded as data: every number that the engine made, beside the double truth and how far the two may
// be apart. Layers, units and rows are named as in the article: layer 1 is the inputs, layer L the outputs, W(l) joins
// layer l to layer l + 1, indices count from 1.
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

#pragma GCC visibility push(default)
namespace chainrule {

/// One quantity of a step, (rows x columns), row after row. docs/formats.md lists the names.
struct Tensor {
  std::string name;  ///< "z2", "W1", "delta3" ...
  std::size_t rows = 0, columns = 0;
  std::vector<double> engine;  ///< the engine's own numbers; floats, but for losses and norms, which it keeps in double
  std::vector<double> truth;   ///< the same in double arithmetic
  std::vector<double> bound;   ///< |engine - truth| is at most this (roundings.h)
};

struct ExplainedStep {
  std::uint64_t step = 0;       ///< from 1
  std::vector<Tensor> tensors;  ///< in the order in which the step makes them

  /// nullptr where this step has no such quantity.
  const Tensor* find(std::string_view name) const;
  /// Throws Error (internal) where this step has no such quantity.
  const Tensor& of(std::string_view name) const;
};

/// A number of the engine that is further from the truth than its roundings allow.
struct Excess {
  std::uint64_t step = 0;
  std::string name;  ///< of the tensor
  std::size_t row = 0, column = 0;
  double engine = 0, truth = 0, bound = 0;
};

struct Explanation {
  Architecture architecture;
  TrainOptions options;  ///< loss, optimizer, learning rate, decay, clipping, seed: what the steps were made with
  std::vector<std::size_t> rows;  ///< numbers of the rows in their file, from 1
  // Before the pipeline, for who has a table; the caller fills it in.
  std::vector<InputColumn> columns;                  ///< name and scaling of each input; empty = unknown
  std::size_t image_height = 0, image_width = 0;     ///< inputs that are pixels
  std::vector<std::vector<std::string>> raw_inputs;  ///< per row, as written in the file
  std::vector<std::string> raw_targets;              ///< per row, as written in the file
  std::vector<std::string> output_names;             ///< classes, or the target; empty = unknown
  std::vector<ExplainedStep> steps;
};

/// Where the truth of a later step starts.
enum class TruthStart {
  engine,  ///< from the engine's own numbers before that step: what the step itself added, with near bounds
  alone    ///< where the truth's step before ended: how far the two drift apart; bounds grow from step to step
};

/// Makes `steps` training steps, each of the whole batch, with the learning rate of the options throughout (the
/// schedule plays no part) and an optimiser that remembers nothing yet. The engine starts from these numbers rounded to
/// float, the truth from the numbers as they are. Throws Error: (usage) for options out of range, (input) for no rows,
/// (numerics) when a step fails.
Explanation explain_steps(const Architecture& architecture, const TruthParameters& start, const TruthBatch& batch,
                          const TrainOptions& options, std::size_t steps = 1, TruthStart truth = TruthStart::engine);

/// What weight decay adds per weight to the gradient of W(layer) inside the update rule (M6), the layer's multiplier
/// counted; 0 for adamw, which takes decay straight from the weights.
double decay_in_gradient(const Architecture& architecture, const TrainOptions& options, std::size_t layer);

/// Every number outside its bound, or not a number, at most `most`.
std::vector<Excess> find_excesses(const Explanation& explanation, std::size_t most = 10);

/// Layers of the article: L.
inline std::size_t layers_of(const Explanation& explanation) { return explanation.architecture.depth() + 1; }

}  // namespace chainrule
#pragma GCC visibility pop
