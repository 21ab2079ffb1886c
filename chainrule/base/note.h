// SPDX-License-Identifier: Apache-2.0
// What the library has decided or found suspicious, as data: a frontend prints it, a page colors it, a program filters
// it by topic, and nobody has to read the text for that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/message.h"

#pragma GCC visibility push(default)
namespace chainrule {

enum class Severity { info, warning };

/// What a note is about.
enum class NoteTopic {
  reading,          ///< how the file was read
  columns,          ///< what became of an input column
  task,             ///< classes or a number
  target,           ///< the column to predict
  leakage,          ///< columns that copy the target
  rows,             ///< rows that are left out, or too few
  validation_rows,  ///< which rows are held out for validation
  test_rows,        ///< which rows are kept for the test
  options,          ///< what an option brings, or that it has no effect
  baseline,         ///< the model is no better than the baseline
  threshold,        ///< the probability from which the second class is predicted
  learning_rate,    ///< too low or too high
  drift             ///< rows outside the range of the training rows
};

struct Note {
  Severity severity = Severity::info;
  NoteTopic topic = NoteTopic::reading;
  std::string column = {};  ///< the one column that it is about; "" = none, or several
  std::string option = {};  ///< the key of the option that it is about; "" = none
  Message text = {};

  bool operator==(const Note&) const = default;
};

Note info_note(NoteTopic topic, Message text, std::string column = {}, std::string option = {});
Note warning_note(NoteTopic topic, Message text, std::string column = {}, std::string option = {});

/// "warning" or "info".
std::string_view severity_name(Severity severity);
/// In snake_case.
std::string_view topic_name(NoteTopic topic);

/// A note as one line: "warning: " stands before the text of a warning.
std::string note_line(const Note& note);
std::vector<std::string> note_lines(const std::vector<Note>& notes);

}  // namespace chainrule
#pragma GCC visibility pop
