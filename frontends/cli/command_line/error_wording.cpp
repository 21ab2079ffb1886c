// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line/error_wording.h"

#include <algorithm>
#include <string>

namespace chainrule::cli {
namespace {

constexpr const char* kKeyLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";

// The option whose key stands in `text` at `at`, as a whole word; nullptr when there is none.
const Option* option_at(const std::string& text, std::size_t at) {
  const std::string word = text.substr(at, text.find_first_not_of(kKeyLetters, at) - at);
  const Option* const option = find_option(word);
  return option != nullptr && option->key() == word ? option : nullptr;
}

std::string as_set(const Option& option, const std::vector<std::vector<Assignment>>& sources) {
  std::string where = "--" + option.name;
  for (const std::vector<Assignment>& source : sources)
    for (const Assignment& wish : source)
      if (find_option(wish.name) == &option) where = wish.where;
  return where;
}

// "KEY: ...", "KEY of layer 2: ..." or "FILE: KEY: ...", where the file goes behind the option.
std::string renamed(const std::string& what, const std::vector<std::vector<Assignment>>& sources) {
  if (const Option* option = option_at(what, 0)) {
    const std::string rest = what.substr(option->key().size());
    if (rest.starts_with(": ") || rest.starts_with(" of ")) return as_set(*option, sources) + rest;
  }
  for (std::size_t colon = what.find(": "); colon != std::string::npos; colon = what.find(": ", colon + 1)) {
    const Option* const option = option_at(what, colon + 2);
    if (option == nullptr) continue;
    const std::string rest = what.substr(colon + 2 + option->key().size());
    if (rest.starts_with(": ")) return as_set(*option, sources) + ": " + what.substr(0, colon) + rest;
  }
  return what;
}

// Keys of several words can mean nothing else.
std::string with_flags(const std::string& hint) {
  std::string out;
  for (std::size_t at = 0; at < hint.size();) {
    const std::size_t end = std::min(hint.find_first_not_of(kKeyLetters, at), hint.size());
    const Option* const option = option_at(hint, at);
    const std::string word = hint.substr(at, std::max<std::size_t>(end - at, 1));
    out += option != nullptr && word.find('_') != std::string::npos ? "--" + option->name : word;
    at += word.size();
  }
  return out;
}

}  // namespace

Error in_words_of_the_user(const Error& error, const std::vector<std::vector<Assignment>>& sources) {
  const bool about_options = error.category() == ErrorCategory::usage;
  return Error(error.category(), about_options ? renamed(error.what(), sources) : error.what(),
               with_flags(error.hint()));
}

}  // namespace chainrule::cli
