// SPDX-License-Identifier: Apache-2.0
// Internal: the kernels of one vector unit, as a table of functions.
#pragma once

#include <span>
#include <string_view>

#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/formulas/optimizer.h"
#include "chainrule/engine/kernels/kernels.h"

namespace chainrule::kernels {

/// The kernels of one target.
struct Kernels {
  std::string_view name;
  bool fused_multiply_add;
  decltype(&affine_forward) forward;
  decltype(&affine_backward_input) backward_input;
  void (*backward_weights)(ThreadPool&, const ConstMatrixView&, const ConstMatrixView&, const GradientSink&,
                           std::span<float>);
  void (*activate)(ActivationKind, std::span<const float>, std::span<float>);
  void (*activate_backward)(ActivationKind, std::span<const float>, std::span<const float>, std::span<const float>,
                            std::span<float>);
  void (*update)(const Optimizer&, const UpdateRates&, std::span<float>, std::span<const float>, std::span<float>,
                 std::span<float>);
  decltype(&chainrule::kernels::add_up) add_up;
  decltype(&sum_of_squares) squares;
  decltype(&largest_magnitude) largest;
  decltype(&scale_bytes) scale;
  decltype(&dropout_mask) dropout;
  decltype(&multiply_add_chains) chains;
};

}  // namespace chainrule::kernels
