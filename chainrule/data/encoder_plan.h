// SPDX-License-Identifier: Apache-2.0
// The plan of an encoder: which columns are inputs, target and weights, classification or regression, and the labels.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct EncoderOptions {
  std::string target = {};                    ///< name or number; "" = last column
  std::vector<std::string> ignore = {};       ///< columns left out, by name or number
  std::string weight = {};                    ///< column with sample weights; "" = none
  std::vector<std::string> categorical = {};  ///< columns of numbers to read as categories, by name or number
  std::vector<std::string> numeric =
      {};  ///< columns to read as numbers: text there was read as missing; also ///< keeps running numbers
  std::vector<std::string> missing = {};       ///< texts that were read as missing, besides the usual ones
  bool decimal_comma = false;                  ///< numbers were written 3,14
  std::vector<std::string> date = {};          ///< columns of dates or times, by name or number
  int task = -1;                               ///< -1 = decide; else a Task
  Scaling scaling = Scaling::standard;         ///< of inputs (images are always byte / 255)
  Scaling target_scaling = Scaling::standard;  ///< of a numeric target
  bool clamp_predictions = false;              ///< to the range of a numeric target on the training rows
};

/// Decides task, target, inputs and labels, before any statistic is computed. read_column() gives the type of a column
/// unless the options name it. Free text, ids and running numbers are left out (running numbers stay if there is no
/// other input). Throws Error (input) for a text among numbers or dates. `notes` gets the decisions, with a warning if
/// a column duplicates the target.
Encoder plan_encoder(const Table& table, const EncoderOptions& options, std::vector<Note>& notes);

}  // namespace chainrule
#pragma GCC visibility pop
