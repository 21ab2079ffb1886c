// SPDX-License-Identifier: Apache-2.0
// The files of one training in runs/NAME: options (config.toml), metrics (metrics.jsonl, and the same for TensorBoard),
// model (model.safetensors) and report (report.html).
#pragma once

#include <string>

#include "chainrule/training/options/option_table.h"
#include "cli/command_line/parse.h"

namespace chainrule::cli {

/// How the data of a run were read: `replay` needs this and the model. "" = not given.
struct RunRecord {
  std::string data, validation, labels, header, delimiter;  ///< paths, and the values of --header and --delimiter
};

/// A new name is written in place, so that its log can be followed. A run that replaces another one is written beside
/// it, in runs/.NAME.new-PID, and replaces it in finish(), at once: whatever happens before, the old run is whole.
class RunFolder {
 public:
  /// Throws Error (usage) for an invalid name, and for a run that exists, unless `overwrite`.
  RunFolder(const std::string& name, bool overwrite);
  RunFolder(RunFolder&& other) noexcept;
  /// Without finish(): removes what was written beside an old run, and a new run that has finished no epoch.
  ~RunFolder();

  std::string model() const { return path_ + "/model.safetensors"; }
  std::string log() const { return path_ + "/metrics.jsonl"; }
  std::string report() const { return path_ + "/report.html"; }
  std::string config() const { return path_ + "/config.toml"; }
  const std::string& path() const { return path_; }
  /// Where one of these is to be written before finish().
  std::string written_to(const std::string& path) const { return work_ + path.substr(path_.size()); }

  /// Creates the folder with config.toml, and removes what processes that are gone have left beside runs. Throws Error
  /// (output).
  void begin(const FitOptions& options, const RunRecord& record);
  /// The run is complete. Throws Error (output) if it cannot replace the old one, which then stays.
  void finish();

 private:
  void give_up() noexcept;

  std::string path_, work_;
  bool overwrite_;
  bool is_open_ = false;  // after begin(), before finish()
};

/// "2026-11-28T22-56-03Z": the name of a run that begins now.
std::string run_named_by_time();
/// From the arguments of train.
RunRecord record_of(const Arguments& arguments);

}  // namespace chainrule::cli
