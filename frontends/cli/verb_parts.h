// SPDX-License-Identifier: Apache-2.0
// What verbs are made of. Included by verbs*.cpp only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/verbs.h"

namespace chainrule::cli {

inline Flag yes_or_no(std::string name, std::string help) {
  Flag flag;
  flag.name = std::move(name);
  flag.help = std::move(help);
  return flag;
}

inline Flag with_value(std::string name, std::string value, std::string help, std::string fallback = {}) {
  Flag flag = yes_or_no(std::move(name), std::move(help));
  flag.value = std::move(value);
  flag.fallback = std::move(fallback);
  return flag;
}

inline Flag lettered(std::string letter, Flag flag) {
  flag.letter = std::move(letter);
  return flag;
}

inline Flag repeatable(Flag flag) {
  flag.repeatable = true;
  return flag;
}

inline Flag among(std::vector<std::string> choices, Flag flag) {
  flag.choices = std::move(choices);
  return flag;
}

inline constexpr const char* kDataHelp =
    "CSV (comma, semicolon, tab or pipe), IDX or NPY file, each plain or gzipped; a folder with MNIST's files; - is "
    "standard "
    "input";

// How a data file is read: the same for every verb that reads one.
inline void add_reading(std::vector<Flag>& flags) {
  Flag header = yes_or_no("header", "the first line of a CSV file holds names");
  header.negatable = true;
  header.fallback = "detected";
  flags.push_back(header);
  flags.push_back(among({"comma", "semicolon", "tab", "pipe"},
                        with_value("delimiter", "NAME", "what separates the fields of a CSV file", "detected")));
  flags.push_back(with_value("labels", "FILE", "labels of an IDX or NPY file", "found beside it"));
}

inline Flag threads() {
  return with_value("threads", "N", "threads that compute; no bit of a result depends on it",
                    "all that the process may use");
}

// In verbs_training.cpp.
Verb train_verb();
Verb cv_verb();
Verb tune_verb();
Verb replay_verb();

}  // namespace chainrule::cli
