// SPDX-License-Identifier: Apache-2.0
// CLI11 finds options and their values among the words. Everything else, and every message, is written here.
#include "cli/command_line/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "chainrule/base/checks.h"

namespace chainrule::cli {
namespace {

Error usage(const std::string& message, const std::string& hint = {}) {
  return Error(ErrorCategory::usage, message, hint);
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

std::string did_you_mean(const std::string& near) { return near.empty() ? "" : "did you mean " + near + "? "; }

Error no_such_verb(const std::string& word) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) names.push_back(verb.name);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  if (word.empty()) return usage("command line: expected a command (" + list + "), found none", "chainrule --help");
  return usage("command line: expected a command (" + list + "), found " + in_quotes(word),
               did_you_mean(nearest_name(word, names)) + "chainrule --help explains them");
}

// Removes the verb from the words. The words before it are global options.
const Verb* take_verb(std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--color") {
      ++i;
    } else if (!is_option(words[i])) {
      const Verb* verb = find_verb(words[i]);
      if (verb == nullptr) throw no_such_verb(words[i]);
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
      return verb;
    }
  }
  return nullptr;
}

// The options of one verb for CLI11, and where the results of each go.
struct Parser {
  CLI::App app;
  std::vector<std::pair<const Flag*, CLI::Option*>> flags;
  std::vector<std::pair<const Option*, CLI::Option*>> options;
  std::vector<std::string> names;         // all long names, with dashes, for suggestions
  std::vector<std::string> with_a_value;  // those that take a value
};

CLI::Option* add(Parser& parser, std::vector<std::string> names, const std::string& letter, bool takes_value,
                 bool negatable) {
  std::string known = letter.empty() ? "" : "-" + letter;
  for (const std::string& name : names) {
    known += (known.empty() ? "--" : ",--") + name;
    parser.names.push_back("--" + name);
    if (takes_value) parser.with_a_value.push_back("--" + name);
  }
  if (negatable) {
    known += ",--no-" + names.front() + "{false}";
    parser.names.push_back("--no-" + names.front());
  }
  CLI::Option* option = takes_value ? parser.app.add_option(known) : parser.app.add_flag(known);
  if (takes_value) option->expected(1)->type_size(1);
  return option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
}

void build(Parser& parser, const Verb* verb) {
  parser.app.set_help_flag();
  parser.app.allow_extras();
  const auto add_flags = [&](const std::vector<Flag>& flags) {
    for (const Flag& flag : flags)
      parser.flags.emplace_back(&flag, add(parser, {flag.name}, flag.letter, !flag.value.empty(), flag.negatable));
  };
  add_flags(global_flags());
  if (verb == nullptr) return;
  add_flags(verb->flags);
  for (const Option& option : option_table()) {
    if (!takes(*verb, option)) continue;
    std::vector<std::string> names{option.name};
    names.insert(names.end(), option.aliases.begin(), option.aliases.end());
    const bool is_flag = option.kind == OptionKind::flag;
    parser.options.emplace_back(&option, add(parser, names, "", !is_flag, is_flag));
  }
}

// CLI11 reads "--name=" as "--name" and would use the next word as the value. As two words, the value stays empty.
void part_empty_values(std::vector<std::string>& words, const std::vector<std::string>& with_a_value) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() < 3 || words[i].back() != '=') continue;
    const std::string name = words[i].substr(0, words[i].size() - 1);
    if (std::find(with_a_value.begin(), with_a_value.end(), name) == with_a_value.end()) continue;
    words[i] = name;
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(++i), "");
  }
}

void run_parser(Parser& parser, std::vector<std::string> words) {
  part_empty_values(words, parser.with_a_value);
  const std::string last = words.empty() ? "" : words.back();
  std::reverse(words.begin(), words.end());  // CLI11 expects reverse order
  try {
    parser.app.parse(words);
  } catch (const CLI::ArgumentMismatch&) {
    throw usage(location(last) + ": expected a value, found nothing");
  } catch (const CLI::ParseError& problem) {
    throw usage(std::string("command line: ") + problem.what());
  }
}

// Words that are not known options: files or errors.
std::vector<std::string> take_files(const Parser& parser, const Verb* verb) {
  std::vector<std::string> files;
  for (const std::string& word : parser.app.remaining()) {
    if (!is_option(word)) {
      files.push_back(word);
      continue;
    }
    const std::string name = word.substr(0, word.find('='));
    const std::string owner = verb == nullptr ? "chainrule" : "chainrule " + verb->name;
    const std::string where = verb == nullptr ? "command line: unknown option " : verb->name + ": unknown option ";
    throw usage(where + in_quotes(name),
                did_you_mean(nearest_name(name, parser.names)) + owner + " --help lists all options");
  }
  return files;
}

void check_files(const Arguments& arguments, const Verb& verb) {
  std::size_t minimum = 0;
  std::string requested;
  for (const Positional& file : verb.files) {
    const bool optional = !file.required || arguments.is_true("print-config");
    minimum += optional ? 0 : 1;
    requested += (requested.empty() ? "" : " ") + file.name + (file.repeatable ? "..." : "");
  }
  if (arguments.files.size() < minimum)
    throw usage(verb.name + ": expected " + requested + ", found " +
                    (arguments.files.empty() ? "no file" : "only " + in_quotes(arguments.files.back())),
                "chainrule " + verb.name + " --help shows examples");
  const bool any_number = !verb.files.empty() && verb.files.back().repeatable;
  if (arguments.files.size() > verb.files.size() && !any_number)
    throw usage(verb.name + ": expected only " + requested + ", found " +
                in_quotes(arguments.files[verb.files.size()]));
}

Arguments collect(const Parser& parser) {
  Arguments arguments;
  for (const auto& [flag, found] : parser.flags)
    if (found->count() > 0) {
      for (const std::string& value : found->results())
        if (flag->value.empty() && value != "true" && value != "false")
          throw usage("--" + flag->name + ": expected no value, or true or false, found " + in_quotes(value));
      arguments.flags[flag->name] = found->results();
    }
  for (const auto& [option, found] : parser.options) {
    if (found->count() == 0) continue;
    const std::vector<std::string>& results = found->results();
    std::string value = results.back();
    if (option->kind == OptionKind::text_list) {
      value = results.front();
      for (std::size_t i = 1; i < results.size(); ++i) value += ',' + results[i];
    }
    arguments.options.push_back({option->name, value, "--" + option->name});
  }
  return arguments;
}

}  // namespace

std::string Arguments::text(const std::string& flag, const std::string& fallback) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? fallback : found->second.back();
}

std::vector<std::string> Arguments::texts(const std::string& flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? std::vector<std::string>() : found->second;
}

Arguments parse(std::vector<std::string> words) {
  const auto mark = std::find(words.begin(), words.end(), "--");  // after it, no word is an option
  std::vector<std::string> files;
  if (mark != words.end()) files.assign(mark + 1, words.end());
  words.erase(mark, words.end());
  const Verb* verb = take_verb(words);
  Parser parser;
  build(parser, verb);
  run_parser(parser, std::move(words));
  Arguments arguments = collect(parser);
  if (verb != nullptr) arguments.verb = verb->name;
  if (arguments.is_true("help")) {
    if (verb != nullptr) arguments.files = {verb->name};
    arguments.verb = "help";
    return arguments;
  }
  arguments.files = take_files(parser, verb);
  if (arguments.is_true("version")) {
    arguments.verb = "version";
    return arguments;
  }
  if (verb == nullptr) throw no_such_verb("");
  arguments.files.insert(arguments.files.end(), files.begin(), files.end());
  check_files(arguments, *verb);
  return arguments;
}

}  // namespace chainrule::cli
