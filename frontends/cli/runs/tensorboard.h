// SPDX-License-Identifier: Apache-2.0
// Metrics of a training as TensorBoard reads them: records of TFRecord with Event messages (protocol buffers), each
// written as its epoch ends.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/runs/line_file.h"

namespace chainrule::cli {

class TensorBoardFile {
 public:
  /// A new file in this folder; the name says the time, as TensorBoard expects it.
  explicit TensorBoardFile(const std::string& folder);
  /// Numbers by tag, at a step; those that are not finite are left out.
  void write(std::uint64_t step, const std::vector<std::pair<std::string, double>>& values);
  /// Throws Error (output) when something could not be written.
  void finish() { file_.finish("the model was written; TensorBoard's file ends early"); }

 private:
  LineFile file_;
};

}  // namespace chainrule::cli
