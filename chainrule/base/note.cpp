// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/note.h"

#include <array>

namespace chainrule {

Note info_note(NoteTopic topic, Message text, std::string column, std::string option) {
  return {Severity::info, topic, std::move(column), std::move(option), std::move(text)};
}

Note warning_note(NoteTopic topic, Message text, std::string column, std::string option) {
  return {Severity::warning, topic, std::move(column), std::move(option), std::move(text)};
}

std::string_view severity_name(Severity severity) { return severity == Severity::warning ? "warning" : "info"; }

std::string_view topic_name(NoteTopic topic) {
  static constexpr std::array<std::string_view, 13> kNames{
      "reading",   "columns", "task",     "target",    "leakage",       "rows", "validation_rows",
      "test_rows", "options", "baseline", "threshold", "learning_rate", "drift"};
  return kNames[static_cast<std::size_t>(topic)];
}

std::string note_line(const Note& note) {
  return (note.severity == Severity::warning ? "warning: " : "") + note.text.text();
}

std::vector<std::string> note_lines(const std::vector<Note>& notes) {
  std::vector<std::string> lines;
  for (const Note& note : notes) lines.push_back(note_line(note));
  return lines;
}

}  // namespace chainrule
