// SPDX-License-Identifier: Apache-2.0
// Gradient check: backpropagation against numerical derivatives of the objective, in double; and the proof that the
// check can fail, by mistakes planted one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/engine/reference/numerical_derivative.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The error of an entry is |a - b| / max(|a|, |b|, s), s being the largest magnitude in the same tensor, and at least
/// 1e-3 of the objective; plain relative error punishes correct code where a gradient is nearly zero.
double entry_error(double a, double b, double s);

enum class CheckMethod {
  complex_step,        ///< exact to rounding; for activations and losses that are smooth and not a user's own
  central_differences  ///< error about (machine epsilon)^(2/3); finds kinks
};
/// "complex_step", "central_differences"
std::string_view method_name(CheckMethod method);

struct CheckOptions {
  std::size_t most = 2000;     ///< parameters chosen by seed, spread over all layers, weights and biases; 0 = all
  std::uint64_t seed = 1;      ///< of that choice
  bool plant_faults = true;    ///< those parameters that show a planted fault best are checked beside the chosen ones
  bool compare_engine = true;  ///< the engine makes the step, too
};

/// One layer's weights or biases.
struct TensorCheck {
  std::size_t layer = 0;  ///< affine layer, from 0
  bool is_bias = false;
  std::size_t parameters = 0;          ///< that there are
  std::size_t checked = 0;             ///< that were compared
  std::size_t kinks = 0;               ///< left out because a kink lies within the step
  double worst_error = 0;              ///< see entry_error()
  double tolerance = 0;                ///< of that error: what the method reaches, and roundings (roundings.h)
  ParameterPlace worst;                ///< where it is the largest share of its tolerance
  double computed = 0, numerical = 0;  ///< dJ/dp there, decay included
};

/// The float engine's gradient of one layer's weights or biases beside that in double, decay left out.
struct EngineCheck {
  std::size_t layer = 0;
  bool is_bias = false;
  double worst_share = 0;                   ///< the largest |engine - truth| / bound; above 1 is wrong
  ParameterPlace worst;                     ///< where it is
  double engine = 0, truth = 0, bound = 0;  ///< there; the bound follows from the roundings alone (roundings.h)
};

/// What became of a planted fault.
enum class FaultVerdict {
  caught,     ///< an error above the tolerance
  no_effect,  ///< the gradient is the right one within rounding
  too_small,  ///< the gradient changes by less than the method can see
  at_kinks,   ///< those that it changes most sit on kinks, where there is no derivative to compare with
  missed      ///< the check is blind: it fails
};
/// "caught", "no_effect" ...
std::string_view verdict_name(FaultVerdict verdict);

struct FaultCheck {
  PlantedFault fault;
  FaultVerdict verdict = FaultVerdict::missed;
  double effect = 0;     ///< the largest error of the faulty gradient against the right one
  double error = 0;      ///< of the faulty gradient against the numerical derivative ...
  ParameterPlace where;  ///< ... there
  std::string reason;    ///< of no_effect, in words: "f' is 1 everywhere"
};

struct CheckReport {
  CheckMethod method = CheckMethod::complex_step;
  double objective = 0;
  std::size_t rows = 0;
  std::size_t parameters = 0;        ///< of the network
  std::size_t chosen = 0;            ///< by seed; all of them when it is `parameters`
  std::size_t checked = 0;           ///< compared: the chosen ones without kinks, and those that show faults best
  std::size_t kinks = 0;             ///< left out
  bool dropout_left_out = false;     ///< the network has dropout; the check is made without it
  std::vector<TensorCheck> tensors;  ///< per layer weights, then biases
  std::vector<EngineCheck> engine;   ///< the same; empty where it was not asked for
  std::vector<FaultCheck> faults;    ///< in the order of all_faults(); empty where they were not asked for

  /// What is wrong, as one line: the first failures and how many more there are; "" when the check is passed.
  std::string failure() const;
};

/// Checks the gradient that truth_step() makes of this batch, dropout left out; the engine's gradient against it; and
/// every planted fault. Works for a user's own activations and losses. Costs a forward pass of the layers above for
/// each parameter (six of them and more by central differences), and a backward pass for each fault. Throws Error
/// (input) when the batch has no rows or does not fit the network, (numerics) when the objective, or what the engine
/// makes of it, is not finite.
CheckReport check_gradients(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                            const TruthBatch& batch, double weight_decay, const CheckOptions& options = {});

/// What `check` knows beside the report.
struct CheckFacts {
  std::string origin;         ///< "model digits.safetensors"
  std::string network, loss;  ///< described
  double weight_decay = 0;
  std::uint64_t seed = 0;         ///< of the sample
  std::vector<std::size_t> rows;  ///< from 1
};

}  // namespace chainrule
#pragma GCC visibility pop
