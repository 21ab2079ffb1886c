// SPDX-License-Identifier: Apache-2.0
// The trials of a search as JSON lines: what the search is, then a line for each training, written as it ends
// (docs/formats.md). A search that was stopped, or killed, goes on from them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/training/tune.h"
#include "cli/runs/line_file.h"

namespace chainrule::cli {

class TrialsFile {
 public:
  /// What makes a search this one and no other.
  struct Subject {
    std::string data_fingerprint, score;
    std::vector<std::pair<std::string, std::string>> configuration;  ///< option_values() of trial 0
    std::vector<SearchRange> ranges;
    std::size_t folds = 0;
  };
  enum class Start { fresh, overwrite, resume };

  /// Reads what an earlier search has left, where one is resumed; a last line that was cut off is forgotten. Throws
  /// Error: (usage) for the file of another search, (input) for one that cannot be read, else as LineFile does.
  TrialsFile(const std::string& path, Start start, const Subject& subject);

  /// How many trainings the file had.
  std::size_t known() const { return known_.size(); }
  /// What a training that the file had came to.
  std::optional<TrialScore> score(std::size_t trial, std::size_t fold, const Trial& settings) const;
  /// A training that the file does not have yet.
  void write(std::size_t trial, std::size_t fold, const Trial& settings);
  void finish() { file_.finish("the search cannot be resumed from there"); }

 private:
  void read(const std::string& path, const std::string& head);

  std::vector<std::pair<std::string, std::string>> start_;  // value of each range's option as given
  std::map<std::string, TrialScore> known_;                 // by trial, fold and settings
  std::string head_;                                        // that the file does not have yet
  LineFile file_;
};

}  // namespace chainrule::cli
