// SPDX-License-Identifier: Apache-2.0
// Looking options up, setting them, and laying several sources over each other. The table is in options_table.cpp.
#include "chainrule/options.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr const char *kPreset = "preset", *kOptimizer = "optimizer";

std::string as_key(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

// What is known under this name, or an Error that suggests the nearest.
const Option& known_option(std::string_view name, const std::string& where) {
  if (const Option* option = find_option(name)) return *option;
  std::vector<std::string> names;
  for (const Option& option : option_table()) {
    names.push_back(option.key());
    for (const std::string& alias : option.aliases) names.push_back(as_key(alias));
  }
  const std::string near = nearest_name(as_key(name), names);
  const std::string hint = near.empty() ? "" : fmt::format("did you mean {}? ", near);
  throw Error(ErrorCategory::usage, fmt::format("{}: unknown option {}", where, in_quotes(name)),
              hint + fmt::format("known options: {}", fmt::join(names, ", ")));
}

bool decides_about_others(const Option& option) {
  return std::any_of(option_table().begin(), option_table().end(),
                     [&](const Option& other) { return other.used_with.option == option.name; });
}

// Defaults, but for what must be otherwise so that the option has a value.
FitOptions defaults_with(const Option& option) {
  FitOptions options;
  if (!is_used(option, options) && !option.used_with.values.empty())
    find_option(option.used_with.option)->set(options, option.used_with.values.front());
  return options;
}

bool is_default(const Option& option, std::string_view value) {
  FitOptions options = defaults_with(option);
  return option.set(options, value).empty() && option.get(options) == default_value(option);
}

void set_known(FitOptions& options, const Option& option, std::string_view value, const std::string& where) {
  if (!is_used(option, options)) {
    if (is_default(option, value)) return;  // a printed configuration may be edited line by line
    throw Error(ErrorCategory::usage,
                fmt::format("{}: expected {}, found {}", where, option.used_with.words(),
                            in_quotes(find_option(option.used_with.option)->get(options))),
                "it has no effect: leave it out");
  }
  const std::string expected = option.set(options, value);
  if (expected.empty()) return;
  const std::string near = nearest_name(as_key(value), option.choices);
  throw Error(ErrorCategory::usage, fmt::format("{}: expected {}, found {}", where, expected, in_quotes(value)),
              near.empty() ? "" : fmt::format("did you mean {}?", near));
}

const Assignment* last_wish(const std::vector<std::vector<Assignment>>& sources, std::string_view name) {
  const Assignment* last = nullptr;
  for (const std::vector<Assignment>& source : sources)
    for (const Assignment& wish : source)
      if (known_option(wish.name, wish.where).name == name) last = &wish;
  return last;
}

// Whether a source after number `source` sets the option of this name.
bool set_later(std::string_view name, const std::vector<std::vector<Assignment>>& sources, std::size_t source) {
  const auto later = std::span(sources).subspan(source + 1);
  return std::any_of(later.begin(), later.end(), [&](const std::vector<Assignment>& wishes) {
    return std::any_of(wishes.begin(), wishes.end(), [&](const Assignment& wish) {
      const Option* option = find_option(wish.name);
      return option != nullptr && option->name == name;
    });
  });
}

// rprop is for passes over all rows and finds its own step sizes: what must stand beside it.
const std::pair<const char*, const char*> kBesideRprop[] = {{"batch-size", "all"}, {"schedule", "constant"}};

bool fixed_by_rprop(const Option& option) {
  return std::any_of(std::begin(kBesideRprop), std::end(kBesideRprop),
                     [&](const auto& fixed) { return option.name == fixed.first; });
}

void choose_rprop(FitOptions& options) {
  for (const auto& [name, value] : kBesideRprop) find_option(name)->set(options, value);
}

void require_fit_for_rprop(const Option& option, const Assignment& wish) {
  for (const auto& [name, value] : kBesideRprop) {
    if (option.name != name || wish.value == value) continue;
    throw Error(
        ErrorCategory::usage,
        fmt::format("{}: expected {} beside optimizer rprop, found {}", wish.where, value, in_quotes(wish.value)),
        "leave it out, or choose another optimizer");
  }
}

}  // namespace

std::string OptionUse::words() const {
  if (values.empty()) return fmt::format("{} other than {}", option, idle);
  return values.front().empty() ? "no " + option : fmt::format("{} {}", option, fmt::join(values, " or "));
}

std::string Option::key() const { return as_key(name); }

const Option* find_option(std::string_view name) {
  const std::string key = as_key(name);
  for (const Option& option : option_table()) {
    if (option.key() == key) return &option;
    for (const std::string& alias : option.aliases)
      if (as_key(alias) == key) return &option;
  }
  return nullptr;
}

std::string default_value(const Option& option) { return option.get(defaults_with(option)); }

bool is_used(const Option& option, const FitOptions& options) {
  if (option.used_with.option.empty()) return true;
  const std::string other = find_option(option.used_with.option)->get(options);
  const std::vector<std::string>& users = option.used_with.values;
  if (users.empty()) return other != option.used_with.idle;
  return std::find(users.begin(), users.end(), other) != users.end();
}

void set_option(FitOptions& options, std::string_view name, std::string_view value, const std::string& where) {
  set_known(options, known_option(name, where), value, where);
}

FitOptions options_from(const std::vector<std::vector<Assignment>>& sources) {
  FitOptions options;
  if (const Assignment* preset = last_wish(sources, kPreset))
    set_option(options, kPreset, preset->value, preset->where);
  const Assignment* const optimizer = last_wish(sources, kOptimizer);
  const bool rprop = optimizer != nullptr && optimizer->value == "rprop";
  if (rprop) choose_rprop(options);
  for (const bool deciders : {true, false})
    for (std::size_t s = 0; s < sources.size(); ++s)
      for (const Assignment& wish : sources[s]) {
        const Option& option = *find_option(wish.name);
        if (option.name == kPreset || decides_about_others(option) != deciders) continue;
        if (rprop && fixed_by_rprop(option)) {
          if (set_later(kOptimizer, sources, s)) continue;
          require_fit_for_rprop(option, wish);
        }
        const bool overruled = set_later(option.used_with.option, sources, s) || set_later(kPreset, sources, s);
        if (!is_used(option, options) && overruled) continue;
        set_known(options, option, wish.value, wish.where);
      }
  return options;
}

FitOptions options_from(std::vector<std::vector<Assignment>> sources, const Table& table) {
  if (last_wish(sources, kPreset) == nullptr) sources.insert(sources.begin(), {{kPreset, preset_for(table), "preset"}});
  return options_from(sources);
}

std::vector<std::pair<std::string, std::string>> option_values(const FitOptions& options) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Option& option : option_table())
    if (is_used(option, options)) values.emplace_back(option.key(), option.get(options));
  return values;
}

std::string number_text(double value) { return fmt::format("{}", value); }

bool number_from_text(std::string_view text, double& value) {
  double read = 0;
  const auto [end, problem] = fast_float::from_chars(text.data(), text.data() + text.size(), read);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(read)) return false;
  value = read;
  return true;
}

std::string join_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    if (&text != texts.data()) list += ',';
    if (!text.empty() && text.find_first_of(",\"") == std::string::npos) {
      list += text;
      continue;
    }
    list += '"';
    for (const char c : text) list += c == '"' ? std::string("\"\"") : std::string(1, c);
    list += '"';
  }
  return list;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> texts;
  if (text.empty()) return texts;
  texts.emplace_back();
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"')
      texts.back() += text[i++];
    else if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == ',' && !quoted)
      texts.emplace_back();
    else
      texts.back() += text[i];
  }
  return texts;
}

}  // namespace chainrule
