// SPDX-License-Identifier: Apache-2.0
// What a search tries of each option, and how the values of a trial are drawn.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chainrule/elementary.h"
#include "chainrule/error.h"
#include "chainrule/options.h"
#include "chainrule/random.h"
#include "chainrule/tuning_draw.h"

namespace chainrule {
namespace {

constexpr std::size_t kDecisions = 1'000'000;  // places of a stream from which on it says what to vary

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

void check_value(const Option& option, const std::string& value, std::string_view text) {
  FitOptions options;
  if (!option.used_with.option.empty() && !option.used_with.values.empty())
    find_option(option.used_with.option)->set(options, option.used_with.values.front());
  const std::string expected = option.set(options, value);
  if (!expected.empty())
    throw Error(ErrorCategory::usage, fmt::format("range {}: expected {}, found {}", in_quotes(std::string(text), 200),
                                                  expected, in_quotes(value)));
}

// Whether trials that differ in it are measured on the same rows by the same figure, and mean the same by the others.
bool may_vary(const Option& option) {
  if (option.group == "rows" || option.name == "seed" || option.name == "optimizer") return false;
  constexpr std::array kOfData{"scaling", "target-scaling", "clamp-predictions", "class-weight"};
  return option.group != "data" || std::ranges::find(kOfData, option.name) != kOfData.end();
}

std::string number_between(const SearchRange& range, double share) {
  const double width = elementary::log(range.high / range.low);
  return fmt::format("{:.3g}", range.low * elementary::exp(share * width));
}

// Where a value lies between the ends, in [0, 1]; in the middle where it is not known.
double place_between(const SearchRange& range, const std::string& value) {
  double number = 0;
  if (!number_from_text(value, number) || !(number > 0)) return 0.5;
  return std::clamp(elementary::log(number / range.low) / elementary::log(range.high / range.low), 0.0, 1.0);
}

std::string drawn(const SearchRange& range, double uniform) {
  if (range.values.empty()) return number_between(range, uniform);
  const auto place = static_cast<std::size_t>(uniform * static_cast<double>(range.values.size()));
  return range.values[std::min(place, range.values.size() - 1)];
}

// A neighbour of `value`.
std::string varied(const SearchRange& range, const std::string& value, double uniform) {
  constexpr double kReach = 0.25;
  if (range.values.empty())
    return number_between(range, std::clamp(place_between(range, value) + kReach * (2 * uniform - 1), 0.0, 1.0));
  const auto at = std::ranges::find(range.values, value);
  if (at == range.values.end()) return drawn(range, uniform);
  const auto last = static_cast<std::ptrdiff_t>(range.values.size()) - 1;
  std::ptrdiff_t next = (at - range.values.begin()) + (uniform < 0.5 ? -1 : 1);
  if (next < 0 || next > last) next = std::clamp(2 * (at - range.values.begin()) - next, std::ptrdiff_t{0}, last);
  return range.values[static_cast<std::size_t>(next)];
}

}  // namespace

SearchRange range_from_text(std::string_view text) {
  const std::size_t sign = text.find('=');
  const std::string name(text.substr(0, sign));
  const Option* const option = sign == std::string_view::npos ? nullptr : find_option(name);
  if (sign == std::string_view::npos)
    throw Error(ErrorCategory::usage,
                "range: expected OPTION=LOW..HIGH or OPTION=VALUE|VALUE, found " + in_quotes(std::string(text)));
  if (option == nullptr) {
    std::vector<std::string> names;
    for (const Option& known : option_table()) names.push_back(known.key());
    const std::string near = nearest_name(name, names);
    throw Error(ErrorCategory::usage, "range: expected an option of train, found " + in_quotes(name),
                near.empty() ? "" : "did you mean " + near + "?");
  }
  if (!may_vary(*option))
    throw Error(ErrorCategory::usage,
                "range: expected an option of network or training, found " + in_quotes(option->key()),
                "it decides what is measured, or what others mean: set it for the whole search");
  SearchRange range{option->key(), {}};
  const std::string_view what = text.substr(sign + 1);
  const std::size_t dots = what.find("..");
  if (dots == std::string_view::npos || what.find('|') != std::string_view::npos) {
    range.values = parts_of(what, '|');
    for (const std::string& value : range.values) check_value(*option, value, text);
    return range;
  }
  if (!number_from_text(what.substr(0, dots), range.low) || !number_from_text(what.substr(dots + 2), range.high) ||
      !(range.low > 0 && range.low < range.high))
    throw Error(ErrorCategory::usage,
                fmt::format("range: expected LOW..HIGH, two numbers above 0, of {}, found {}", option->key(),
                            in_quotes(std::string(what))),
                "VALUE|VALUE|VALUE tries these");
  for (const double share : {0.0, 0.37, 1.0}) check_value(*option, number_between(range, share), text);
  return range;
}

std::string range_text(const SearchRange& range) {
  if (range.values.empty()) return fmt::format("{}={}..{}", range.option, range.low, range.high);
  return fmt::format("{}={}", range.option, fmt::join(range.values, "|"));
}

std::vector<SearchRange> default_ranges(const FitOptions& start, Task task) {
  const double rate = start.train.learning_rate;
  std::vector<SearchRange> ranges{{"learning_rate", {}, rate / 4, rate * 4}};
  for (const char* const text : {"hidden=64|128|64,64|128,128|256,256|128,128,128|256,256,256|512,256,128|512,512,512",
                                 "dropout=0|0.05|0.1|0.15|0.2|0.3|0.4", "weight_decay=0|0.00001|0.0001|0.001|0.01",
                                 "activation=relu|silu|mish|selu|tanh", "batch_size=32|64|128|256|512",
                                 "epochs=32|64|128", "scaling=standard|robust|quantile"})
    ranges.push_back(range_from_text(text));
  if (task == Task::classes && start.automatic_loss)
    ranges.push_back(range_from_text("label_smoothing=0|0.01|0.03|0.1"));
  return ranges;
}

std::vector<std::string> draw_values(const std::vector<SearchRange>& ranges, const std::vector<std::string>* parent,
                                     std::uint64_t seed, std::size_t trial, std::size_t attempt) {
  const Stream stream{seed, Purpose::search, static_cast<std::uint32_t>(attempt), static_cast<std::uint32_t>(trial)};
  std::vector<std::string> values;
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    const double uniform = random_uniform(stream, r);
    const bool stays = parent != nullptr && random_uniform(stream, kDecisions + r) < 0.6;
    values.push_back(stays               ? (*parent)[r]
                     : parent == nullptr ? drawn(ranges[r], uniform)
                                         : varied(ranges[r], (*parent)[r], uniform));
  }
  return values;
}

}  // namespace chainrule
