// SPDX-License-Identifier: Apache-2.0
// What a search for better options found: as a JSON document, and as what its page shows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/report/json.h"
#include "chainrule/training/tune.h"

#pragma GCC visibility push(default)
namespace chainrule {

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

/// Fields are only ever added; numbers that are not finite are null (docs/formats.md).
std::string tune_document(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts);
/// What its page shows: the report of the winner's training, and the search (docs/formats.md, "Report").
Json tune_report(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts, Json winner_report);
/// "learning_rate=0.01 dropout=0.1", or "as given".
std::string settings_text(const Trial& trial);

/// Numbers of the trials: those measured on most folds first, among them the best.
std::vector<std::size_t> in_order(const TuneResult& found);
/// Of a trial over the options as given, on the same folds.
double gain_of(const TuneResult& found, const Trial& trial);
/// Whether tuning was worth it.
std::string verdict_text(const TuneResult& found, const TuneOptions& how);
/// The figures of rows that the search never saw; "" where there are none.
std::string test_text(const TuneResult& found, const TuneFacts& facts);

}  // namespace chainrule
#pragma GCC visibility pop
