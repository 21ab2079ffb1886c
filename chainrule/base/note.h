// SPDX-License-Identifier: Apache-2.0
// Decisions and warnings of the library, as data: a frontend prints them, a page colors them, and a program filters
// them by topic without parsing the text.
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
  columns,          ///< how an input column is used
  task,             ///< classification or regression
  target,           ///< the column to predict
  leakage,          ///< columns that duplicate the target
  rows,             ///< rows that are left out, or too few
  validation_rows,  ///< which rows are validation rows
  test_rows,        ///< which rows are test rows
  options,          ///< the effect of an option, or that it has none
  baseline,         ///< the model is no better than the baseline
  threshold,        ///< the probability from which the second class is predicted
  learning_rate,    ///< too low or too high
  drift             ///< rows outside the range of the training rows
};

struct Note {
  Severity severity = Severity::info;
  NoteTopic topic = NoteTopic::reading;
  std::string column = {};  ///< the column that the note is about; "" = none, or several
  std::string option = {};  ///< the key of the option that the note is about; "" = none
  Message text = {};

  bool operator==(const Note&) const = default;
};

Note info_note(NoteTopic topic, Message text, std::string column = {}, std::string option = {});
Note warning_note(NoteTopic topic, Message text, std::string column = {}, std::string option = {});

/// "warning" or "info".
std::string_view severity_name(Severity severity);
/// In snake_case.
std::string_view topic_name(NoteTopic topic);

/// A note as one line; a warning begins with "warning: ".
std::string note_line(const Note& note);
std::vector<std::string> note_lines(const std::vector<Note>& notes);

}  // namespace chainrule
#pragma GCC visibility pop
