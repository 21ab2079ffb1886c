// SPDX-License-Identifier: Apache-2.0
// The gradient check on parameters and rows in double precision, as `check` and the tests use it. Implemented in
// gradient_check.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/engine/reference/reference.h"
#include "chainrule/explain/gradient_check.h"

namespace chainrule {

/// The error of an entry is |a - b| / max(|a|, |b|, s), where s is the largest magnitude in the same tensor, but at
/// least 1e-3 of the objective. A plain relative error would fail correct code if a gradient is nearly zero.
double entry_error(double a, double b, double s);

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
