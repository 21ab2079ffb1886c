// SPDX-License-Identifier: Apache-2.0
// The gradient check on parameters and rows in double precision, with all details, as `check` and the tests use it.
// Implemented in gradient_check.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/engine/reference/reference.h"
#include "chainrule/explain/gradient_check.h"

namespace chainrule {

/// The error of an entry is |a - b| / max(|a|, |b|, s), where s is the largest magnitude in the same tensor, but at
/// least 1e-3 of the objective. A plain relative error would fail correct code if a gradient is nearly zero.
double entry_error(double a, double b, double s);

enum class CheckMethod {
  complex_step,        ///< exact to rounding; for smooth built-in activations and losses
  central_differences  ///< error about (machine epsilon)^(2/3); detects kinks
};
/// "complex_step", "central_differences"
std::string_view method_name(CheckMethod method);

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
  /// All derivatives of the tensor, without decay, are 0 or too small for the method to tell from 0: comparing them
  /// proves nothing.
  bool is_zero = false;
};

/// The float engine's gradient of one layer's weights or biases, without decay, against the reference (worst case of
/// the whole step) and against the sum of the engine's own deltas and activations (running bound).
struct EngineCheck {
  std::size_t layer = 0;
  bool is_bias = false;
  double worst_ratio = 0;                       ///< the largest |engine - reference| / bound of both; above 1 fails
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

/// check_gradients() of gradient_check.h for parameters and a batch in double precision.
CheckReport check_gradients(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                            const ReferenceBatch& batch, double weight_decay, const CheckOptions& options = {});

/// Facts that `check` prints with the report.
struct CheckFacts {
  std::string origin;         ///< "model digits.safetensors"
  std::string network, loss;  ///< described
  double weight_decay = 0;
  std::uint64_t seed = 0;         ///< of the sample
  std::vector<std::size_t> rows;  ///< from 1
};

}  // namespace chainrule
