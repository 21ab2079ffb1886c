// SPDX-License-Identifier: Apache-2.0
// What a table is about: which columns are inputs, target and weights, classes or a number, and the labels.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct EncoderOptions {
  std::string target = {};                     ///< name or number; "" = last column
  std::vector<std::string> ignore = {};        ///< columns left out, by name or number
  std::string weight = {};                     ///< column with sample weights; "" = none
  std::vector<std::string> categorical = {};   ///< columns of numbers that are categories, by name or number
  std::vector<std::string> numeric = {};       ///< columns that are numbers: text there was read as missing; also of
                                               ///< rows that are numbered
  std::vector<std::string> missing = {};       ///< texts that were read as missing, beside the usual ones
  bool decimal_comma = false;                  ///< numbers were written 3,14
  std::vector<std::string> date = {};          ///< columns of dates or times, by name or number
  int task = -1;                               ///< -1 = decide; else a Task
  Scaling scaling = Scaling::standard;         ///< of inputs (images are always byte / 255)
  Scaling target_scaling = Scaling::standard;  ///< of a numeric target
  bool clamp_predictions = false;              ///< to the range of a numeric target on the training rows
};

/// What the table is about, before any statistic is taken: task, target, inputs, labels. What columns are is said by
/// read_column(), unless the options name them; free text, ids and running numbers are left out (the latter stay where
/// there is nothing else). Throws Error (input) for a text among numbers or dates. What was decided goes to `notes`,
/// with a warning where a column copies the target.
Encoder plan_encoder(const Table& table, const EncoderOptions& options, std::vector<Note>& notes);

}  // namespace chainrule
#pragma GCC visibility pop
