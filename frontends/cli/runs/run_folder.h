// SPDX-License-Identifier: Apache-2.0
// What one training leaves behind in runs/NAME: what it was (config.toml), what it said (metrics.jsonl, and the same
// for TensorBoard), what it made (model.safetensors), and
// all of it to look at (report.html).
#pragma once

#include <string>

#include "chainrule/training/options/options.h"
#include "cli/command_line/parse.h"

namespace chainrule::cli {

/// How the data of a run were read: what `replay` needs beside the model. "" = not said.
struct RunRecord {
  std::string data, validation, labels, header, delimiter;  ///< paths, and words of --header and --delimiter
};

class RunFolder {
 public:
  /// Throws Error (usage) for a name that is no plain name, and for a run that exists, unless `overwrite`.
  RunFolder(const std::string& name, bool overwrite);

  std::string model() const { return path_ + "/model.safetensors"; }
  std::string log() const { return path_ + "/metrics.jsonl"; }
  std::string report() const { return path_ + "/report.html"; }
  std::string config() const { return path_ + "/config.toml"; }
  const std::string& path() const { return path_; }
  /// Makes the folder, and in it config.toml; takes away what a run before it has left. Throws Error
  /// (output).
  void begin(const FitOptions& options, const RunRecord& record) const;

 private:
  std::string path_;
  bool overwrite_;
};

/// "2026-11-28T22-56-03Z": the name of a run that begins now.
std::string run_named_by_time();
/// Of the arguments of a train.
RunRecord record_of(const Arguments& arguments);

}  // namespace chainrule::cli
