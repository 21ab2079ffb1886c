// SPDX-License-Identifier: Apache-2.0
// Metrics of a training for TensorBoard: TFRecord records with Event messages (protocol buffers), one written after
// each epoch.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/runs/line_file.h"

namespace chainrule::cli {

class TensorBoardFile {
 public:
  /// A new file in this folder; its name contains the time, as TensorBoard expects. `shown`: the folder in messages.
  TensorBoardFile(const std::string& folder, const std::string& shown);
  /// Numbers by tag, at a step. Infinities and NaN are left out.
  void write(std::uint64_t step, const std::vector<std::pair<std::string, double>>& values);
  /// Throws Error (output) if something could not be written.
  void finish() { file_.finish("the model was written; the TensorBoard file is incomplete"); }

 private:
  LineFile file_;
};

}  // namespace chainrule::cli
