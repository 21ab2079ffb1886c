// SPDX-License-Identifier: Apache-2.0
// Value, derivative and link of each loss.
#pragma once

#include <complex>
#include <span>
#include <string_view>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/formulas/loss.h"

namespace chainrule {

/// The functions of a custom loss. Throws Error (usage) if there are none.
const CustomLoss& functions_of(const Loss& loss);
/// The function that turns the network's outputs into a prediction: "identity", "softmax", "sigmoid" or "exp".
std::string_view link_name(const Loss& loss);
/// Applies the link in place to one row of outputs.
void apply_link(const Loss& loss, std::span<float> outputs);
void apply_link(const Loss& loss, std::span<double> outputs);
/// One number of the target after label smoothing.
double smoothed_target(const Loss& loss, double target, std::size_t outputs);

/// Loss of one sample, summed over its outputs.
double loss_value(const Loss& loss, std::span<const double> output, std::span<const double> target);
/// d loss / d output of one sample, into `gradient`.
void loss_gradient(const Loss& loss, std::span<const double> output, std::span<const double> target,
                   std::span<double> gradient);
/// Loss of one sample for the complex step. Throws Error (internal) for a custom loss.
std::complex<double> loss_value(const Loss& loss, std::span<const std::complex<double>> output,
                                std::span<const double> target);
/// Whether the loss has a derivative everywhere.
bool loss_is_smooth(const Loss& loss);

/// losses_i = scale_i * loss_i for each row i, and d_outputs = scale_i * d loss_i / d outputs. Only here 1/m enters
/// (M10; (6), (11), (12)). outputs, targets, d_outputs: (m x outputs); scale, losses: m.
void losses_and_gradient(const Loss& loss, ConstMatrixView outputs, ConstMatrixView targets,
                         std::span<const float> scale, MatrixView d_outputs, std::span<double> losses);
/// The sum of the losses. Order: leaves of 64 rows, then a binary tree (docs/determinism.md).
double sum_of_losses(std::span<const double> losses);

}  // namespace chainrule
