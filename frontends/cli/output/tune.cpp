// SPDX-License-Identifier: Apache-2.0
#include "cli/output/tune.h"

#include <fmt/format.h>

#include <cmath>

#include "chainrule/base/text.h"
#include "chainrule/report/tune_report.h"
#include "cli/output/grid.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kTrialsShown = 10;

std::string gain_text(const TuneResult& found, const Trial& trial) {
  const double gain = gain_of(found, trial);
  return std::isnan(gain) || &trial == &found.trials[0] ? "-" : fmt::format("{:+.3g}", gain);
}

std::string trials_text(const TuneResult& found) {
  Grid grid{{{"trial", "folds", found.score, "gain", "options"}}, {true, true, true, true, false}};
  std::size_t left_out = 0;
  for (const std::size_t t : in_order(found)) {
    const Trial& trial = found.trials[t];
    if (trial.folds_done() == 0) continue;
    if (grid.rows.size() > kTrialsShown && t != 0) {
      ++left_out;
      continue;
    }
    grid.rows.push_back({std::to_string(t), std::to_string(trial.folds_done()),
                         std::isnan(trial.mean()) ? "failed" : fmt::format("{:.5g}", trial.mean()),
                         gain_text(found, trial), settings_text(trial)});
  }
  return grid.text() +
         fmt::format("\n{}gain: improvement over the options as given, on the same folds.\n",
                     left_out > 0 ? fmt::format("{} more trials are in the trials file. ", left_out) : "");
}

}  // namespace

std::string tune_text(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts) {
  std::string out = trials_text(found) + "\n" + verdict_text(found, how) + "\n";
  if (facts.winner) out += test_text(found, facts) + "\n";
  return out + fmt::format("To reproduce {}:\n  {}\n", facts.model, command_text(facts.command));
}

}  // namespace chainrule::cli
