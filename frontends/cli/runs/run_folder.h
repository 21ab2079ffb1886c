// SPDX-License-Identifier: Apache-2.0
// The files of one training in runs/NAME: options (config.toml), metrics (metrics.jsonl, and the same for TensorBoard),
// model (model.safetensors) and report (report.html).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chainrule/training/options/option_table.h"
#include "cli/command_line/parse.h"

namespace chainrule::cli {

/// How the data of a run were read: `replay` needs this and the model. "" = not given.
struct RunRecord {
  std::vector<std::string> data, validation;  ///< paths
  std::map<std::string, std::string> layout;  ///< the values of those of kLayoutFlags that were given
};

/// A run is written beside its name, in .NAME.new- with a random suffix. A new one gets its name after its first epoch,
/// so that its log can be followed and a run that never began does not take the name, not even after a kill. One that
/// replaces another run gets the name in finish(), at once: whatever happens before, the old run is whole. Only files
/// that a run writes are ever removed; others in the old folder move to the new one.
class RunFolder {
 public:
  /// Throws Error (usage) for an invalid name, and for a run that exists, unless `overwrite`.
  RunFolder(const std::string& name, bool overwrite);
  RunFolder(RunFolder&& other) noexcept;
  /// Without finish(), the run is removed, unless it is a new one and keep() was called.
  ~RunFolder();

  std::string model() const { return path_ + "/model.safetensors"; }
  std::string log() const { return path_ + "/metrics.jsonl"; }
  std::string report() const { return path_ + "/report.html"; }
  std::string config() const { return path_ + "/config.toml"; }
  const std::string& path() const { return path_; }
  /// Where one of these is to be written between begin() and finish().
  std::string written_to(const std::string& path) const { return work_ + path.substr(path_.size()); }

  /// Creates the folder with config.toml, and removes what dead processes have left in runs/. Throws Error: (usage) if
  /// another program has made this run meanwhile or is making it; (output).
  void begin(const FitOptions& options, const RunRecord& record);
  /// From now on a new run has its name and stays with what it has, even if it does not finish. Throws Error (output)
  /// if another program has taken the name; after another failure finish() tries again.
  void keep();
  /// The run is complete. Throws Error (output) if it cannot replace the old one, which then stays.
  void finish();
  /// Whether it replaces an old run; known after begin().
  bool replaces() const { return replaces_; }
  /// After a failure that follows the training: a run without its name moves to runs/NAME-unfinished-SUFFIX. Returns
  /// its path, "" if there is none.
  std::string set_aside() noexcept;

 private:
  void make_beside();
  int take_name() noexcept;
  void give_up() noexcept;

  std::string path_;    // for messages
  std::string target_;  // the folder that appears: `path_` with symbolic links resolved
  std::string work_;
  bool overwrite_;
  bool replaces_ = false;  // there is an old run
  bool is_open_ = false, is_kept_ = false;
  int lock_ = -1;      // of `work_`: tells others that this process is alive
  int old_lock_ = -1;  // of `target_`, while a run beside it is made
};

/// "2026-11-28T22-56-03Z": the name of a run that begins now.
std::string run_named_by_time();
/// From the arguments of train.
RunRecord record_of(const Arguments& arguments);

}  // namespace chainrule::cli
