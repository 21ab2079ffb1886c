// SPDX-License-Identifier: Apache-2.0
// The log of a training: JSON lines, one per event, each written at once (docs/formats.md names the keys).
#pragma once

#include <string>

#include "chainrule/training/train.h"
#include "cli/runs/line_file.h"

namespace chainrule::cli {

class TrainingLog {
 public:
  /// Throws as LineFile does.
  TrainingLog(const std::string& path, bool overwrite, const std::string& shown = "")
      : file_(path, overwrite ? LineFile::Start::overwrite : LineFile::Start::fresh, shown) {}

  void write(const EpochRecord& record);
  void write(const HealthRecord& record);
  /// Throws Error (output) if a line could not be written. The training did not stop then.
  void finish() { file_.finish("the model was written; the log is incomplete"); }

 private:
  LineFile file_;
};

}  // namespace chainrule::cli
