// SPDX-License-Identifier: Apache-2.0
// What `check` found, as text for people and as a JSON document.
#pragma once

#include <string>
#include <vector>

#include "chainrule/gradient_check.h"

namespace chainrule::cli {

/// What `check` knows beside the report.
struct CheckFacts {
  std::string origin;         ///< "model digits.safetensors"
  std::string network, loss;  ///< described
  double weight_decay = 0;
  std::uint64_t seed = 0;         ///< of the sample
  std::vector<std::size_t> rows;  ///< from 1
};

std::string check_text(const CheckReport& report, const CheckFacts& facts);
std::string check_document(const CheckReport& report, const CheckFacts& facts);

}  // namespace chainrule::cli
