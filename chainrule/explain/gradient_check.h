// SPDX-License-Identifier: Apache-2.0
// Gradient check: compares backpropagation with numerical derivatives of the objective, in double. To prove that the
// check can fail, it also checks gradients with planted faults, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/network.h"

#pragma GCC visibility push(default)
namespace chainrule {

enum class CheckMethod {
  complex_step,        ///< exact to rounding; for smooth built-in activations and losses
  central_differences  ///< error about (machine epsilon)^(2/3); detects kinks
};
/// "complex_step", "central_differences"
std::string_view method_name(CheckMethod method);

struct CheckOptions {
  std::size_t max_parameters = 2000;  ///< parameters sampled by seed from all layers, weights and biases; 0 = all
  std::uint64_t seed = 1;             ///< of the sample
  bool plant_faults = true;           ///< also checks the parameters that a planted fault changes most
  bool compare_engine = true;         ///< also compares the engine's gradient
};

/// One layer's weights or biases.
struct TensorCheck {
  std::size_t layer = 0;  ///< affine layer, from 0
  bool is_bias = false;
  std::size_t parameters = 0;          ///< total
  std::size_t checked = 0;             ///< compared
  std::size_t kinks = 0;               ///< skipped because a kink lies within the step
  double worst_error = 0;              ///< relative to the largest magnitude in the tensor
  double tolerance = 0;                ///< of that error: the method's accuracy plus the rounding error bound
  ParameterIndex worst;                ///< the parameter with the largest error relative to its tolerance
  double computed = 0, numerical = 0;  ///< dJ/dp there, with decay
};

/// The float engine's gradient of one layer's weights or biases against the reference, without decay.
struct EngineCheck {
  std::size_t layer = 0;
  bool is_bias = false;
  double worst_ratio = 0;                       ///< the largest |engine - reference| / bound; above 1 fails
  ParameterIndex worst;                         ///< the parameter where it occurs
  double engine = 0, reference = 0, bound = 0;  ///< there; the bound allows for rounding errors only
};

/// The outcome for a planted fault.
enum class FaultVerdict {
  caught,     ///< an error above the tolerance
  no_effect,  ///< the gradient is correct within rounding
  too_small,  ///< the gradient changes by less than the method can detect
  at_kinks,   ///< the entries that it changes most lie at kinks, where there is no derivative to compare with
  missed      ///< not detected: the whole check fails
};
/// "caught", "no_effect" ...
std::string_view verdict_name(FaultVerdict verdict);

struct FaultCheck {
  std::string fault;        ///< "dropped_slope"
  std::string description;  ///< "f'(z) left out"
  std::string location;     ///< "delta2", "dJ/dW1", in the article's notation, or "the network"
  std::size_t layer = 0;    ///< affine layer, from 0; 0 for a fault of the whole network
  FaultVerdict verdict = FaultVerdict::missed;
  double effect = 0;     ///< the largest error of the faulty gradient against the correct one
  double error = 0;      ///< of the faulty gradient against the numerical derivative, at `where`
  ParameterIndex where;  ///< the parameter that decided the verdict
  std::string reason;    ///< for no_effect: "f' is 1 everywhere"
};

struct CheckReport {
  CheckMethod method = CheckMethod::complex_step;
  double objective = 0;
  std::size_t rows = 0;
  std::size_t parameters = 0;        ///< of the network
  std::size_t chosen = 0;            ///< sampled; equal to `parameters` if all are
  std::size_t checked = 0;           ///< compared: the sample without kinks, and the parameters that show faults best
  std::size_t kinks = 0;             ///< skipped
  bool dropout_left_out = false;     ///< the network has dropout, which the check turns off
  std::vector<TensorCheck> tensors;  ///< per layer weights, then biases
  std::vector<EngineCheck> engine;   ///< the same; empty if not requested
  std::vector<FaultCheck> faults;    ///< kind by kind, each in every layer; empty if not requested

  /// One line with the first failure and the number of further ones; "" if the check passed.
  std::string failure() const;
};

/// Checks the gradient of these rows, which the double-precision reference computes without dropout; compares the
/// engine's gradient with it; and checks every planted fault. Works for custom activations and losses. Each parameter
/// costs a forward pass through the layers above (six or more with central differences), each fault a backward pass.
/// Throws Error (input) if there are no rows or they do not fit the network, (numerics) if the objective or a number of
/// the engine is not finite.
CheckReport check_gradients(const Network& network, const Loss& loss, const Selection& rows, double weight_decay,
                            const CheckOptions& options = {});

}  // namespace chainrule
#pragma GCC visibility pop
