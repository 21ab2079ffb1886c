// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "chainrule/base/version.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kWidth = 100, kIndent = 32;

// A flag or option as help prints it.
struct Entry {
  std::string group, names, help, fallback;
  std::vector<std::string> choices;
  std::string used_with, peers;
};

Entry entry_of(const Flag& flag, const std::string& group) {
  const std::string letter = flag.letter.empty() ? "    " : "-" + flag.letter + ", ";
  const std::string name = (flag.negatable ? "--[no-]" : "--") + flag.name;
  return {
      group, letter + name + (flag.value.empty() ? "" : " " + flag.value), flag.help, flag.fallback, flag.choices, "",
      ""};
}

// "with loss huber", "without validation-rows".
std::string use_text(const std::string& words, const std::string& quote) {
  const bool without = words.starts_with("no ");
  return fmt::format("{} {}{}{}", without ? "without" : "with", quote, words.substr(without ? 3 : 0), quote);
}

// "256; images: 32" if tables and images have different defaults.
std::string default_text(const Option& option, const Verb& verb) {
  const auto shown = [&](const std::string& value) {
    return option.kind != OptionKind::flag ? value : std::string(value == "true" ? "yes" : "no");
  };
  const std::string images = shown(default_value(option));
  if ((verb.name != "train" && verb.name != "cv" && verb.name != "tune") || !is_used(option, FitOptions()))
    return images;
  FitOptions options;
  apply_preset(options, "tabular");
  const std::string tables = shown(option.get(options));
  return tables == images ? images : fmt::format("{}; images: {}", tables, images);
}

Entry entry_of(const Option& option, const Verb& verb) {
  std::string names = (option.kind == OptionKind::flag ? "    --[no-]" : "    --") + option.name;
  for (const std::string& alias : option.aliases) names += ", --" + alias;
  if (!option.value.empty()) names += " " + option.value;
  Entry entry{option.group, names, option.help, default_text(option, verb), option.choices, "", option.peers};
  if (!option.used_with.option.empty()) entry.used_with = option.used_with.words();
  return entry;
}

std::vector<Entry> entries_of(const Verb& verb) {
  std::vector<Entry> entries;
  for (const Flag& flag : verb.flags) entries.push_back(entry_of(flag, verb.name));
  for (const Option& option : option_table())
    if (takes(verb, option)) entries.push_back(entry_of(option, verb));
  return entries;
}

std::string heading(const std::string& group) {
  if (group == "data") return "Options for the data";
  if (group == "rows") return "Options for validation and test rows";
  if (group == "network") return "Options for the network";
  if (group == "training") return "Options for loss, batches and epochs";
  if (group == "optimization") return "Options for the optimizer";
  if (group == "schedule") return "Options for the learning-rate schedule";
  if (group == "stopping") return "Options for early stopping";
  if (group == "decision") return "Options for the decision threshold";
  if (group == "everywhere") return "Options of every command";
  return "Options of " + group;
}

// Breaks text between words; lines after the first start with `indent` spaces.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t used) {
  std::string out;
  std::size_t column = used;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::size_t length = end - at;
    if (column > indent && column + 1 + length > kWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out.append(text, at, length);
    column += length;
    at = end + 1;
  }
  return out;
}

std::string text_of(const Entry& entry) {
  std::string text = entry.help;
  const bool names_all = std::ranges::all_of(
      entry.choices, [&](const std::string& choice) { return entry.help.find(choice) != std::string::npos; });
  if (!names_all) text += fmt::format("; one of {}", fmt::join(entry.choices, ", "));
  if (!entry.used_with.empty()) text += fmt::format(" (only {})", use_text(entry.used_with, ""));
  if (!entry.fallback.empty()) text += fmt::format(" [{}]", entry.fallback);
  return text;
}

std::string line_of(const Entry& entry) {
  const std::string text = text_of(entry);
  std::string line = "  " + entry.names;
  if (line.size() + 2 > kIndent)
    return line + "\n" + std::string(kIndent, ' ') + wrapped(text, kIndent, kIndent) + "\n";
  line.resize(kIndent, ' ');
  return line + wrapped(text, kIndent, kIndent) + "\n";
}

std::string lines_of(const std::vector<Entry>& entries) {
  std::string out, group;
  for (const Entry& entry : entries) {
    if (entry.group != group) out += fmt::format("\n{}:\n", heading(entry.group));
    group = entry.group;
    out += line_of(entry);
  }
  return out;
}

std::vector<Entry> global_entries() {
  std::vector<Entry> entries;
  for (const Flag& flag : global_flags()) entries.push_back(entry_of(flag, "everywhere"));
  return entries;
}

std::string usage_of(const Verb& verb) {
  std::string usage = "chainrule " + verb.name;
  if (!entries_of(verb).empty()) usage += " [OPTIONS]";
  for (const Positional& file : verb.files)
    usage += (file.required ? " " + file.name : " [" + file.name + "]") + (file.repeatable ? "..." : "");
  return usage;
}

const char* const kExamples[] = {"chainrule train data/digits.csv --target digit -o digits.safetensors",
                                 "chainrule evaluate digits.safetensors data/digits.csv",
                                 "chainrule predict digits.safetensors new.csv > predictions.csv"};

const char* const kExitCodes[][2] = {
    {"0", "success"},
    {"1", "a bug in Chainrule"},
    {"2", "the command line or a configuration is invalid, or an output file cannot be used, e.g. because it exists"},
    {"3", "a data or model file is missing, unreadable or invalid"},
    {"4", "training diverged: a loss, gradient or weight became infinite or NaN"},
    {"5", "a requested check failed"},
    {"6", "writing failed, or out of memory"},
    {"130", "interrupted by Ctrl-C (143: by SIGTERM); train saves the best model so far"}};

std::string bar_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string table_of(const std::vector<Entry>& entries) {
  std::string out, group;
  for (const Entry& entry : entries) {
    if (entry.group != group)
      out += fmt::format("\n### {}\n\n| option | meaning | default |\n|---|---|---|\n", heading(entry.group));
    group = entry.group;
    std::string text = entry.help;
    if (!entry.choices.empty()) text += fmt::format("<br>one of `{}`", fmt::join(entry.choices, "`, `"));
    if (!entry.used_with.empty()) text += fmt::format("<br>used only {}", use_text(entry.used_with, "`"));
    if (!entry.peers.empty()) text += fmt::format("<br>*{}*", entry.peers);
    out += fmt::format("| `{}` | {} | {} |\n", entry.names.substr(entry.names.find('-')), bar_escaped(text),
                       entry.fallback.empty() ? "" : "`" + entry.fallback + "`");
  }
  return out;
}

std::string markdown_of(const Verb& verb) {
  std::string out = fmt::format("\n## chainrule {}\n\n", verb.name);
  for (const std::string& line : verb.about) out += line + "\n";
  out += "\n```sh\n";
  for (const std::string& example : verb.examples) out += example + "\n";
  out += fmt::format("```\n\nUsage: `{}`\n\n", usage_of(verb));
  for (const Positional& file : verb.files) out += fmt::format("* `{}`: {}\n", file.name, file.help);
  return out + table_of(entries_of(verb));
}

// ---- manual pages -------------------------------------------------------------------------------------------------

// Text for roff: escapes backslashes, and a dot or apostrophe at the start of a line. In commands a hyphen is a minus.
std::string roff(const std::string& text, bool is_command = false) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-' && is_command)
      out += "\\-";
    else if (c == '\'' && is_command)
      out += "\\(aq";
    else if (c == '~' || c == '^')
      out += c == '~' ? "\\(ti" : "\\(ha";
    else
      out += c;
  }
  return out;
}

// "-o, --output FILE": the flag in bold, the name of its value in italics.
std::string roff_names(const std::string& names) {
  std::string out;
  for (std::size_t at = names.find('-'); at < names.size();) {
    const std::size_t end = std::min(names.find(", ", at), names.size()), space = names.find(' ', at);
    out +=
        (out.empty() ? "" : ", ") + fmt::format("\\fB{}\\fR", roff(names.substr(at, std::min(space, end) - at), true));
    if (space < end) out += fmt::format(" \\fI{}\\fR", roff(names.substr(space + 1, end - space - 1), true));
    at = end + 2;
  }
  return out;
}

std::string man_head(const std::string& name, const std::string& summary) {
  std::string title = name;
  for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return fmt::format(".TH {} 1 \"\" \"Chainrule {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n", roff(title, true),
                     kVersion, roff(name, true), roff(summary));
}

std::string man_entries(const std::vector<Entry>& entries) {
  std::string out, group;
  for (const Entry& entry : entries) {
    if (entry.group != group) out += fmt::format(".SS {}\n", roff(heading(entry.group)));
    group = entry.group;
    out += fmt::format(".TP\n{}\n{}\n", roff_names(entry.names), roff(text_of(entry)));
  }
  return out;
}

std::string man_examples(const std::vector<std::string>& examples) {
  std::string out = ".SH EXAMPLES\n.nf\n";
  for (const std::string& example : examples) out += roff(example, true) + "\n";
  return out + ".fi\n";
}

std::string man_exit_codes() {
  std::string out = ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : kExitCodes) out += fmt::format(".TP\n{}\n{}\n", code, roff(meaning));
  return out;
}

}  // namespace

std::string help_text() {
  std::string out =
      "Train, evaluate and use fully connected neural networks.\n\n"
      "Usage: chainrule COMMAND [OPTIONS] [FILE...]\n\n"
      "Examples:\n";
  for (const char* const example : kExamples) out += fmt::format("  {}\n", example);
  out += "\nCommands (chainrule help COMMAND describes one):\n";
  for (const Verb& verb : verbs()) out += fmt::format("  {:<12}{}\n", verb.name, verb.summary);
  out += lines_of(global_entries());
  out += "\nExit codes:\n";
  for (const auto& [code, meaning] : kExitCodes) out += fmt::format("  {:<5}{}\n", code, meaning);
  return out;
}

std::string help_text(const Verb& verb) {
  std::string out;
  for (const std::string& line : verb.about) out += wrapped(line, 0, 0) + "\n";
  out += "\nUsage: " + usage_of(verb) + "\n\nExamples:\n";
  for (const std::string& example : verb.examples) out += "  " + example + "\n";
  out += "\n";
  for (const Positional& file : verb.files) {
    const std::string start = fmt::format("  {:<6}  ", file.name);
    out += start + wrapped(file.help, start.size(), start.size()) + "\n";
  }
  return out + lines_of(entries_of(verb)) + lines_of(global_entries());
}

std::string help_markdown() {
  std::string out =
      "# The command line\n\n"
      "<!-- made by `chainrule help --markdown`; a test compares -->\n\n"
      "`chainrule COMMAND [OPTIONS] [FILE...]`. Give a value as `--option value` or `--option=value`.\n"
      "`-` is standard input or output. Words after `--` are not options. Results go to standard output,\n"
      "messages and progress to standard error. Defaults come from a preset; without `--preset`, the data\n"
      "decide which one (docs/presets.md). `--config FILE` overrides the preset, and the command line\n"
      "overrides both. In a TOML file the options of `train` have the same names with `_` for `-`.\n"
      "`--print-config` prints such a file.\n\n"
      "| command | does |\n|---|---|\n";
  for (const Verb& verb : verbs()) out += fmt::format("| [{0}](#chainrule-{0}) | {1} |\n", verb.name, verb.summary);
  out += "\n| exit code | meaning |\n|---|---|\n";
  for (const auto& [code, meaning] : kExitCodes) out += fmt::format("| {} | {} |\n", code, meaning);
  out += table_of(global_entries());
  for (const Verb& verb : verbs()) out += markdown_of(verb);
  return out;
}

std::string help_man() {
  std::string out = man_head("chainrule", "train, evaluate and use fully connected neural networks");
  out +=
      ".SH SYNOPSIS\n\\fBchainrule\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIFILE\\fR...]\n"
      ".SH DESCRIPTION\n"
      "Give a value as \\fB\\-\\-option\\fR \\fIVALUE\\fR or \\fB\\-\\-option=\\fR\\fIVALUE\\fR. \\fB\\-\\fR is "
      "standard input or output. Words after \\fB\\-\\-\\fR are not options. Each command has its own page, e.g. "
      "\\fBchainrule\\-train\\fR(1).\n.SH COMMANDS\n";
  for (const Verb& verb : verbs())
    out += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(verb.name, true), roff(verb.summary));
  out += ".SH OPTIONS\n" + man_entries(global_entries());
  out += man_examples({std::begin(kExamples), std::end(kExamples)}) + man_exit_codes() + ".SH SEE ALSO\n";
  for (const Verb& verb : verbs())
    out += fmt::format("\\fBchainrule\\-{}\\fR(1){}\n", roff(verb.name, true), &verb == &verbs().back() ? "" : ",");
  return out;
}

std::string help_man(const Verb& verb) {
  std::string out = man_head("chainrule-" + verb.name, verb.summary);
  out += fmt::format(".SH SYNOPSIS\n\\fBchainrule {}\\fR{}", roff(verb.name, true),
                     entries_of(verb).empty() ? "" : " [\\fIOPTIONS\\fR]");
  for (const Positional& file : verb.files)
    out += fmt::format(" {0}\\fI{1}\\fR{2}{3}", file.required ? "" : "[", roff(file.name), file.required ? "" : "]",
                       file.repeatable ? "..." : "");
  out += "\n.SH DESCRIPTION\n";
  for (const std::string& line : verb.about) out += roff(line) + "\n.PP\n";
  for (const Positional& file : verb.files)
    out += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(file.name), roff(file.help));
  out += ".SH OPTIONS\n" + man_entries(entries_of(verb)) + man_entries(global_entries());
  return out + man_examples(verb.examples) + man_exit_codes() + ".SH SEE ALSO\n\\fBchainrule\\fR(1)\n";
}

}  // namespace chainrule::cli
