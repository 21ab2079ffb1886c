// SPDX-License-Identifier: Apache-2.0
// The results of a search for better options as a JSON document, and as the data of its page.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/report/json.h"
#include "chainrule/training/tune.h"

namespace chainrule {

struct TuneFacts {
  std::string data, model;
  std::size_t test_rows = 0;
  /// On the test rows, which the search did not use; none if there are none.
  std::optional<Estimate> winner, start;
  double seconds = 0, winner_seconds = 0;  ///< of the search, and of the winner's training
  std::vector<std::string> command;        ///< arguments of the `train` that trains the winner
  std::string search;                      ///< the `tune` that repeats the search
  FitOptions options;                      ///< the user's
};

/// The JSON document (docs/formats.md). Fields may be added but are never removed; infinities and NaN are null.
std::string tune_document(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts);
/// The data of its page: the report of the winner's training, and the search (docs/formats.md, "Report").
Json tune_report(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts, Json winner_report);
/// "learning_rate=0.01 dropout=0.1", or "as given".
std::string settings_text(const Trial& trial);

/// Numbers of the trials, sorted by the number of folds measured, then by score, the best first.
std::vector<std::size_t> in_order(const TuneResult& found);
/// The gain of a trial over the options as given, on the same folds.
double gain_of(const TuneResult& found, const Trial& trial);
/// One sentence: whether the search found better options.
std::string verdict_text(const TuneResult& found, const TuneOptions& how);
/// The scores on the test rows, which the search did not use; "" if there are none.
std::string test_text(const TuneResult& found, const TuneFacts& facts);

}  // namespace chainrule
