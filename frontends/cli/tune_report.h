// SPDX-License-Identifier: Apache-2.0
// What `tune` found: as text for people and as a JSON document.
#pragma once

#include <optional>
#include <string>

#include "chainrule/tuning.h"

namespace chainrule::cli {

struct TuneFacts {
  std::string data, model;
  std::size_t test_rows = 0;
  /// On rows that the search never saw; none where there are none.
  std::optional<Estimate> winner, start;
  double seconds = 0;
  std::vector<std::string> command;  ///< the words of a train that trains the winner
};

std::string tune_text(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts);
/// Fields are only ever added; numbers that are not finite are null (docs/formats.md).
std::string tune_document(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts);
/// "learning_rate=0.01 dropout=0.1", or "as given".
std::string settings_text(const Trial& trial);

}  // namespace chainrule::cli
