// SPDX-License-Identifier: Apache-2.0
// What `cv` found: as text for people, as a JSON document, and the answers to all rows as CSV.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chainrule/cross_validation.h"

namespace chainrule::cli {

/// What a report says beside the results.
struct CrossFacts {
  std::string data;  ///< path
  CrossValidationOptions how;
  std::size_t rows = 0;
  double seconds = 0;
  std::vector<std::pair<std::string, std::string>> configuration;  ///< option_values()
};

/// "fold 3 of 5" or "repeat 2, fold 3 of 5".
std::string name_of(const FoldResult& fold, const CrossValidationOptions& how);
std::string cross_text(const CrossValidation& found, const CrossFacts& facts);
/// Fields are only ever added; numbers that are not finite are null (docs/formats.md).
std::string cross_document(const CrossValidation& found, const CrossFacts& facts);

}  // namespace chainrule::cli
