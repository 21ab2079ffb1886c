// SPDX-License-Identifier: Apache-2.0
// The trials of a search as JSON lines: a description of the search, then a line for each training, written when it
// ends (docs/formats.md). An interrupted or killed search can be resumed from them.
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
  /// Identifies a search.
  struct Subject {
    std::string data_fingerprint, score;
    std::vector<std::pair<std::string, std::string>> configuration;  ///< option_values() of trial 0
    std::vector<SearchRange> ranges;
    std::size_t folds = 0;
  };
  enum class Start { fresh, overwrite, resume };

  /// If a search is resumed, reads its lines; an incomplete last line is dropped. Throws Error: (usage) for the file of
  /// another search, (input) for one that cannot be read, else as LineFile does.
  TrialsFile(const std::string& path, Start start, const Subject& subject);

  /// Number of trainings in the file at the start.
  std::size_t known() const { return known_.size(); }
  /// The score of a training that was in the file.
  std::optional<TrialScore> score(std::size_t trial, std::size_t fold, const Trial& settings) const;
  /// Adds a training that is not in the file yet; false if that failed.
  bool write(std::size_t trial, std::size_t fold, const Trial& settings);
  /// Whether all trainings so far could be written.
  bool is_whole() const { return file_.is_whole(); }
  /// Throws Error (output) if not.
  void finish() { file_.finish("the search ended; --resume continues it from the trainings in the file"); }

 private:
  void read(const std::string& path, const std::string& head);

  std::vector<std::pair<std::string, std::string>> start_;  // value of each range's option as given
  std::map<std::string, TrialScore> known_;                 // by trial, fold and settings
  std::string head_;                                        // first line, if not yet written
  LineFile file_;
};

}  // namespace chainrule::cli
