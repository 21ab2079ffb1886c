// SPDX-License-Identifier: Apache-2.0
// What `tune` found: as text for people, as a JSON document, and as what its page shows.
#pragma once

#include <optional>
#include <string>

#include "chainrule/tuning.h"
#include "cli/json_text.h"

namespace chainrule::cli {

struct TuneFacts {
  std::string data, model;
  std::size_t test_rows = 0;
  /// On rows that the search never saw; none where there are none.
  std::optional<Estimate> winner, start;
  double seconds = 0, winner_seconds = 0;  ///< of all, and of the winner's training
  std::vector<std::string> command;        ///< the words of a train that trains the winner
  std::string search;                      ///< a tune that searches the same
  FitOptions options;                      ///< as given
};

std::string tune_text(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts);
/// Fields are only ever added; numbers that are not finite are null (docs/formats.md).
std::string tune_document(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts);
/// What its page shows: the report of the winner's training, and the search (docs/formats.md, "Report").
Json tune_report(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts, Json winner_report);
/// "learning_rate=0.01 dropout=0.1", or "as given".
std::string settings_text(const Trial& trial);

}  // namespace chainrule::cli
