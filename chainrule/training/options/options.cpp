// SPDX-License-Identifier: Apache-2.0
// Looks options up, sets them, and merges several sources. The table is in option_table.cpp.
#include "chainrule/training/options/options.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule {
namespace {

constexpr const char *kPreset = "preset", *kOptimizer = "optimizer";

// The option of this name; throws Error that suggests the nearest.
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

// The value that an option has by default or in this preset.
bool is_default(const Option& option, std::string_view value, const std::string& preset) {
  FitOptions options = defaults_with(option), of_preset;
  apply_preset(of_preset, preset);
  if (!option.set(options, value).empty()) return false;
  const std::string text = option.get(options);
  return text == default_value(option) || text == option.get(of_preset);
}

void set_known(FitOptions& options, const Option& option, const Assignment& assignment) {
  const auto& [name, value, where, requested] = assignment;
  if (!is_used(option, options)) {
    // A printed configuration can be edited line by line.
    if (!requested && is_default(option, value, options.preset())) return;
    throw Error(ErrorCategory::usage,
                fmt::format("{}: expected {}, found {}", where, option.used_with.words(),
                            in_quotes(find_option(option.used_with.option)->get(options))),
                "it has no effect: leave it out", option.key());
  }
  const std::string expected = option.set(options, value);
  if (!requested) options.requested.erase(option.key());
  if (!requested && expected.empty()) options.recorded.insert(option.key());
  if (expected.empty()) return;
  const std::string near = nearest_name(as_key(value), option.choices);
  throw Error(ErrorCategory::usage, fmt::format("{}: expected {}, found {}", where, expected, in_quotes(value)),
              near.empty() ? "" : fmt::format("did you mean {}?", near), option.key());
}

const Assignment* last_assignment(const std::vector<std::vector<Assignment>>& sources, std::string_view name) {
  const Assignment* last = nullptr;
  for (const std::vector<Assignment>& source : sources)
    for (const Assignment& assignment : source)
      if (known_option(assignment.name, assignment.where).name == name) last = &assignment;
  return last;
}

// Whether a source after number `source` sets the option of this name.
bool set_later(std::string_view name, const std::vector<std::vector<Assignment>>& sources, std::size_t source) {
  const auto later = std::span(sources).subspan(source + 1);
  return std::any_of(later.begin(), later.end(), [&](const std::vector<Assignment>& assignments) {
    return std::any_of(assignments.begin(), assignments.end(), [&](const Assignment& assignment) {
      const Option* option = find_option(assignment.name);
      return option != nullptr && option->name == name;
    });
  });
}

// rprop needs passes over all rows and finds its own step sizes: the values that it requires.
const std::pair<const char*, const char*> kBesideRprop[] = {{"batch-size", "all"}, {"schedule", "constant"}};

bool fixed_by_rprop(const Option& option) {
  return std::any_of(std::begin(kBesideRprop), std::end(kBesideRprop),
                     [&](const auto& fixed) { return option.name == fixed.first; });
}

void choose_rprop(FitOptions& options) {
  for (const auto& [name, value] : kBesideRprop) find_option(name)->set(options, value);
}

void require_fit_for_rprop(const Option& option, const Assignment& assignment) {
  for (const auto& [name, value] : kBesideRprop) {
    if (option.name != name || assignment.value == value) continue;
    throw Error(ErrorCategory::usage,
                fmt::format("{}: expected {} with optimizer rprop, found {}", assignment.where, value,
                            in_quotes(assignment.value)),
                "leave it out, or choose another optimizer", option.key());
  }
}

}  // namespace

void assign(FitOptions& options, const Assignment& assignment) {
  set_known(options, known_option(assignment.name, assignment.where), assignment);
}

namespace {

// Options that no source names, and whose value depends on others. A recorded configuration names all, as they were.
void settle(FitOptions& options, const std::vector<std::vector<Assignment>>& sources) {
  const auto is_named = [&](const char* name) { return last_assignment(sources, name) != nullptr; };
  const EncoderOptions data = options_beside_time(options);
  if (!is_named("clamp-predictions")) options.data.clamp_predictions = data.clamp_predictions;
  if (!is_named("scaling")) options.data.scaling = data.scaling;
  for (const char* const name : {"validation-split", "validation-rows", "group", "time"})
    if (is_named(name) && !is_named("inner-folds") && is_requested(options, name)) options.train.inner_folds = 0;
}

}  // namespace

FitOptions options_from(const std::vector<std::vector<Assignment>>& sources) {
  FitOptions options;
  if (const Assignment* preset = last_assignment(sources, kPreset))
    set_option(options, kPreset, preset->value, preset->where);
  const Assignment* const optimizer = last_assignment(sources, kOptimizer);
  const bool rprop = optimizer != nullptr && optimizer->value == "rprop";
  if (rprop) choose_rprop(options);
  for (const bool deciders : {true, false})
    for (std::size_t s = 0; s < sources.size(); ++s)
      for (const Assignment& assignment : sources[s]) {
        const Option& option = *find_option(assignment.name);
        if (option.name == kPreset || decides_about_others(option) != deciders) continue;
        if (rprop && fixed_by_rprop(option)) {
          if (set_later(kOptimizer, sources, s)) continue;
          require_fit_for_rprop(option, assignment);
        }
        const bool overruled = set_later(option.used_with.option, sources, s) || set_later(kPreset, sources, s);
        if (!is_used(option, options) && overruled) continue;
        set_known(options, option, assignment);
      }
  settle(options, sources);
  return options;
}

FitOptions options_from(std::vector<std::vector<Assignment>> sources, const Table& table) {
  if (last_assignment(sources, kPreset) == nullptr)
    sources.insert(sources.begin(),
                   {{kPreset, preset_for(table, last_assignment(sources, "time") != nullptr), "preset"}});
  return options_from(sources);
}

std::vector<std::pair<std::string, std::string>> option_values(const FitOptions& options) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Option& option : option_table())
    if (is_used(option, options)) values.emplace_back(option.key(), option.get(options));
  return values;
}

}  // namespace chainrule
