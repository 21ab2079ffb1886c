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

class RunFolder {
 public:
  /// Throws Error (usage) for an invalid name, and for a run that exists, unless `overwrite`.
  RunFolder(const std::string& name, bool overwrite);

  std::string model() const { return path_ + "/model.safetensors"; }
  std::string log() const { return path_ + "/metrics.jsonl"; }
  std::string report() const { return path_ + "/report.html"; }
  std::string config() const { return path_ + "/config.toml"; }
  const std::string& path() const { return path_; }
  /// Creates the folder with config.toml and removes the files of an earlier run. Throws Error (output).
  void begin(const FitOptions& options, const RunRecord& record) const;

 private:
  std::string path_;
  bool overwrite_;
};

/// "2026-11-28T22-56-03Z": the name of a run that begins now.
std::string run_named_by_time();
/// From the arguments of train.
RunRecord record_of(const Arguments& arguments);

}  // namespace chainrule::cli
