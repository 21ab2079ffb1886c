// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line/completion.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "chainrule/training/options/option_table.h"
#include "cli/command_line/verbs.h"

namespace chainrule::cli {
namespace {

// One word that begins with dashes, as a completion script describes it.
struct Word {
  std::string name, letter;  // without dashes
  std::string value;         // "" = no value
  std::string help;
  std::vector<std::string> choices;
  bool repeatable = false;
};

void add_words(const std::vector<Flag>& flags, std::vector<Word>& words) {
  for (const Flag& flag : flags) {
    words.push_back({flag.name, flag.letter, flag.value, flag.help, flag.choices, flag.repeatable});
    if (flag.negatable) words.push_back({"no-" + flag.name, "", "", flag.help, {}, false});
  }
}

std::vector<Word> words_of(const Verb& verb) {
  std::vector<Word> words;
  add_words(verb.flags, words);
  add_words(global_flags(), words);
  for (const Option& option : option_table()) {
    if (!takes(verb, option)) continue;
    words.push_back({option.name, "", option.value, option.help, option.choices, false});
    for (const std::string& alias : option.aliases)
      words.push_back({alias, "", option.value, option.help, option.choices, false});
    if (option.kind == OptionKind::flag) words.push_back({"no-" + option.name, "", "", option.help, {}, false});
  }
  return words;
}

// The words that may follow the verb; empty = file names.
std::vector<std::string> operands_of(const Verb& verb) {
  if (verb.name == "completion") return {"bash", "zsh", "fish"};
  std::vector<std::string> names;
  if (verb.name == "help")
    for (const Verb& known : verbs()) names.push_back(known.name);
  return names;
}

bool takes_file(const Word& word) { return word.value == "FILE" || word.value == "FOLDER"; }

// `text` for single quotes of a POSIX shell, with a backslash before each character of `special`.
std::string escaped(const std::string& text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out;
}

std::string bash_case(const Word& word) {
  if (word.choices.empty()) return "";
  return fmt::format("    --{}) COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return ;;\n", word.name,
                     fmt::join(word.choices, " "));
}

std::string bash_completion() {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) names.push_back(verb.name);
  std::string out =
      "# Completion of chainrule in bash; made by `chainrule completion bash`.\n"
      "_chainrule() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} verb= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $word in -*|auto|always|never) ;; *) verb=$word; break ;; esac\n"
      "  done\n"
      "  if [[ -z $verb ]]; then\n";
  out += fmt::format("    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$current\"))\n    return\n  fi\n",
                     fmt::join(names, " "));
  out += "  case $previous in\n";
  std::string cases;
  for (const Verb& verb : verbs())
    for (const Word& word : words_of(verb))
      if (const std::string line = bash_case(word); cases.find(line) == std::string::npos) cases += line;
  out += cases + "  esac\n  case $verb in\n";
  for (const Verb& verb : verbs()) {
    std::vector<std::string> words;
    for (const Word& word : words_of(verb)) words.push_back("--" + word.name);
    for (const std::string& operand : operands_of(verb)) words.push_back(operand);
    out += fmt::format("    {}) word=\"{}\" ;;\n", verb.name, fmt::join(words, " "));
  }
  return out +
         "    *) word= ;;\n  esac\n"
         "  if [[ $current == -* || $verb == help || $verb == completion ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$word\" -- \"$current\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n}\n"
         "complete -o filenames -F _chainrule chainrule\n";
}

// A word as _arguments of zsh expects it: '--name=[help]:VALUE:(choices)'.
std::string zsh_word(const Word& word) {
  std::string action;
  if (!word.choices.empty())
    action = fmt::format("({})", fmt::join(word.choices, " "));
  else if (takes_file(word))
    action = "_files";
  const std::string value = word.value.empty() ? "" : fmt::format(":{}:{}", escaped(word.value, ":"), action);
  const std::string about = fmt::format("[{}]", escaped(word.help, "[]:\\"));
  const std::string star = word.repeatable ? "*" : "";
  std::string out = fmt::format(" \\\n    '{}--{}{}{}{}'", star, word.name, value.empty() ? "" : "=", about, value);
  if (!word.letter.empty())
    out += fmt::format(" \\\n    '{}-{}{}{}{}'", star, word.letter, value.empty() ? "" : "+", about, value);
  return out;
}

std::string zsh_completion() {
  std::string out =
      "#compdef chainrule\n"
      "# Completion of chainrule in zsh; made by `chainrule completion zsh`.\n"
      "_chainrule() {\n"
      "  local -a verbs\n"
      "  local curcontext=$curcontext state line\n"
      "  typeset -A opt_args\n"
      "  verbs=(\n";
  for (const Verb& verb : verbs()) out += fmt::format("    '{}:{}'\n", verb.name, escaped(verb.summary, ":\\"));
  out += "  )\n  _arguments -C";
  std::vector<Word> everywhere;
  add_words(global_flags(), everywhere);
  for (const Word& word : everywhere) out += zsh_word(word);
  out +=
      " \\\n    '1:verb:->verb' '*::operand:->operand'\n"
      "  case $state in\n"
      "    verb) _describe verb verbs; return ;;\n"
      "    operand) ;;\n"
      "    *) return ;;\n"
      "  esac\n"
      "  case $line[1] in\n";
  for (const Verb& verb : verbs()) {
    out += fmt::format("  {}) _arguments", verb.name);
    for (const Word& word : words_of(verb)) out += zsh_word(word);
    const std::vector<std::string> operands = operands_of(verb);
    out += operands.empty() ? " \\\n    '*:file:_files' ;;\n"
                            : fmt::format(" \\\n    '1:operand:({})' ;;\n", fmt::join(operands, " "));
  }
  return out +
         "  esac\n}\n"
         "if [ \"$funcstack[1]\" = _chainrule ]; then _chainrule \"$@\"; else compdef _chainrule chainrule; fi\n";
}

// `text` for single quotes of fish, where a backslash escapes.
std::string fish_text(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out;
}

std::string fish_word(const std::string& condition, const Word& word) {
  std::string out = fmt::format("complete -c chainrule{} -l {}", condition, word.name);
  if (!word.letter.empty()) out += " -s " + word.letter;
  if (!word.choices.empty())
    out += fmt::format(" -x -a '{}'", fmt::join(word.choices, " "));
  else if (takes_file(word))
    out += " -r -F";
  else if (!word.value.empty())
    out += " -x";
  return out + fmt::format(" -d '{}'\n", fish_text(word.help));
}

std::string fish_completion() {
  std::string out = "# Completion of chainrule in fish; made by `chainrule completion fish`.\n";
  std::vector<Word> everywhere;
  add_words(global_flags(), everywhere);
  for (const Word& word : everywhere) out += fish_word("", word);
  for (const Verb& verb : verbs()) {
    out += fmt::format("complete -c chainrule -n __fish_use_subcommand -f -a {} -d '{}'\n", verb.name,
                       fish_text(verb.summary));
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", verb.name);
    for (const Word& word : words_of(verb)) {
      bool is_global = false;
      for (const Word& known : everywhere) is_global = is_global || known.name == word.name;
      if (!is_global) out += fish_word(condition, word);
    }
    if (const std::vector<std::string> operands = operands_of(verb); !operands.empty())
      out += fmt::format("complete -c chainrule{} -f -a '{}'\n", condition, fmt::join(operands, " "));
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_completion();
  if (shell == "zsh") return zsh_completion();
  return shell == "fish" ? fish_completion() : "";
}

}  // namespace chainrule::cli
