// SPDX-License-Identifier: Apache-2.0
// Makers of rows of the table of options, one per kind of option: they parse, check and write its text. Included by
// option_table.cpp only.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <type_traits>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/scaling.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/metrics/threshold.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule::option_kinds {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr std::uint64_t kMaxEpochs = 1'000'000'000, kMaxRows = 1'000'000'000, kMaxUnits = 1'000'000;
inline constexpr std::size_t kMaxHidden = 1000;

// Bounds of a number; the range excludes an open bound.
struct Range {
  double low = -kInfinity, high = kInfinity;
  bool low_open = false, high_open = false;

  bool holds(double x) const { return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high); }
  std::string words() const {
    if (high == kInfinity) return low_open ? fmt::format("above {}", low) : fmt::format("from {} up", low);
    if (!low_open && !high_open) return fmt::format("from {} to {}", low, high);
    return fmt::format("{} {} and {} {}", low_open ? "above" : "of at least", low, high_open ? "below" : "at most",
                       high);
  }
};
inline constexpr Range kPositive{0, kInfinity, true, false}, kNotNegative{0, kInfinity, false, false};
inline constexpr Range kFraction{0, 1, false, true}, kFractionAboveZero{0, 1, true, false}, kInside{0, 1, true, true};

struct Names {
  std::string name, group, value, help;
};

inline Option row(OptionKind kind, const Names& names) {
  Option option;
  option.name = names.name;
  option.group = names.group;
  option.kind = kind;
  option.value = names.value;
  option.help = names.help;
  return option;
}

inline std::string one_of(const std::vector<std::string>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i)
    text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  return text;
}

// In the makers, `member` is a generic function from (const) FitOptions& to the option's member.

template <class Member>
Option free_text(const Names& names, Member member) {
  Option option = row(OptionKind::text, names);
  option.set = [member](FitOptions& options, std::string_view text) {
    member(options) = text;
    return std::string();
  };
  option.get = [member](const FitOptions& options) { return member(options); };
  return option;
}

// `take` passes the text to a function that knows the names and throws Error for others.
template <class Take, class Get>
Option choice(const Names& names, std::vector<std::string> choices, Take take, Get get) {
  Option option = row(OptionKind::text, names);
  option.choices = std::move(choices);
  option.set = [take, expected = one_of(option.choices)](FitOptions& options, std::string_view text) {
    try {
      take(options, text);
    } catch (const Error&) {
      return expected;
    }
    return std::string();
  };
  option.get = [get](const FitOptions& options) { return std::string(get(options)); };
  return option;
}

template <class Member>
Option flag(const Names& names, Member member) {
  Option option = row(OptionKind::flag, names);
  option.set = [member](FitOptions& options, std::string_view text) {
    if (text != "true" && text != "false") return std::string("true or false");
    member(options) = text == "true";
    return std::string();
  };
  option.get = [member](const FitOptions& options) { return std::string(member(options) ? "true" : "false"); };
  return option;
}

inline bool read_whole(std::string_view text, std::uint64_t minimum, std::uint64_t maximum, std::uint64_t& value) {
  std::uint64_t read = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (problem != std::errc() || end != text.data() + text.size() || read < minimum || read > maximum) return false;
  value = read;
  return true;
}

template <class Member>
Option whole(const Names& names, std::uint64_t minimum, std::uint64_t maximum, Member member) {
  Option option = row(OptionKind::whole, names);
  option.set = [=](FitOptions& options, std::string_view text) {
    std::uint64_t value = 0;
    if (!read_whole(text, minimum, maximum, value))
      return fmt::format("a whole number from {} to {}", minimum, maximum);
    member(options) = value;
    return std::string();
  };
  option.get = [member](const FitOptions& options) { return std::to_string(member(options)); };
  return option;
}

// `range` is a Range, or a function that computes it from FitOptions.
template <class RangeOf, class Member>
Option number(const Names& names, RangeOf range_of, Member member) {
  Option option = row(OptionKind::number, names);
  option.set = [member, range_of](FitOptions& options, std::string_view text) {
    double value = 0;
    Range range;
    if constexpr (std::is_same_v<RangeOf, Range>)
      range = range_of;
    else
      range = range_of(options);
    if (!number_from_text(text, value) || !range.holds(value)) return "a number " + range.words();
    member(options) = value;
    return std::string();
  };
  option.get = [member](const FitOptions& options) { return number_text(member(options)); };
  return option;
}

// A number of the optimizer: `find` points `found` at it if this update rule has one.
template <class Find>
Option optimizer_number(const Names& names, const Range& range, Find find) {
  Option option = row(OptionKind::number, names);
  option.used_with.option = "optimizer";
  for (const std::string& name : optimizer_names()) {
    const Optimizer optimizer = optimizer_from_name(name);
    const double* found = nullptr;
    std::visit([&](const auto& rule) { find(rule, found); }, optimizer);
    if (found != nullptr) option.used_with.values.push_back(name);
  }
  option.set = [find, range, users = one_of(option.used_with.values)](FitOptions& options, std::string_view text) {
    double value = 0;
    double* found = nullptr;
    std::visit([&](auto& rule) { find(rule, found); }, options.train.optimizer);
    if (found == nullptr) return "optimizer " + users;
    if (!number_from_text(text, value) || !range.holds(value)) return "a number " + range.words();
    *found = value;
    return std::string();
  };
  option.get = [find](const FitOptions& options) {
    const double* found = nullptr;
    std::visit([&](const auto& rule) { find(rule, found); }, options.train.optimizer);
    return found == nullptr ? std::string() : number_text(*found);
  };
  return option;
}

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <class Member>
Option text_list(const Names& names, Member member) {
  Option option = row(OptionKind::text_list, names);
  option.set = [member](FitOptions& options, std::string_view text) {
    member(options) = split_list(text);
    return std::string();
  };
  option.get = [member](const FitOptions& options) { return join_list(member(options)); };
  return option;
}

inline Option hidden_sizes(const Names& names) {
  Option option = row(OptionKind::whole_list, names);
  option.set = [](FitOptions& options, std::string_view text) {
    std::vector<std::size_t> sizes;
    if (text != "none" && !text.empty())  // blanks are allowed between sizes only
      for (const std::string& part : split_list(text)) {
        std::uint64_t size = 0;
        if (text != trimmed(text) || !read_whole(trimmed(part), 1, kMaxUnits, size) || sizes.size() == kMaxHidden)
          return fmt::format("none or up to {} sizes from 1 to {}, separated by commas", kMaxHidden, kMaxUnits);
        sizes.push_back(size);
      }
    options.hidden = std::move(sizes);
    return std::string();
  };
  option.get = [](const FitOptions& options) {
    return options.hidden.empty() ? std::string("none") : fmt::format("{}", fmt::join(options.hidden, ","));
  };
  return option;
}

// One number for all layers, or one per layer; an empty list means 1 for all.
template <class Member>
Option per_layer(const Names& names, Member member) {
  Option option = row(OptionKind::number_list, names);
  option.set = [member](FitOptions& options, std::string_view text) {
    std::vector<double> numbers;
    const std::string expected = "numbers from 0 up, separated by commas: one for all layers or one for each";
    if (text.empty() || text != trimmed(text)) return expected;
    for (const std::string& part : split_list(text)) {
      double value = 0;
      if (!number_from_text(trimmed(part), value) || value < 0 || numbers.size() == kMaxHidden + 1) return expected;
      numbers.push_back(value);
    }
    if (numbers == std::vector<double>{1}) numbers.clear();
    member(options) = std::move(numbers);
    return std::string();
  };
  option.get = [member](const FitOptions& options) {
    std::vector<std::string> texts;
    for (const double value : member(options)) texts.push_back(number_text(value));
    return texts.empty() ? std::string("1") : join_list(texts);
  };
  return option;
}

inline bool is_row_range(std::string_view text) {
  std::uint64_t first = 0, last = 0;
  if (text.starts_with("last:")) return read_whole(text.substr(5), 1, kMaxRows, last);
  if (text.starts_with("first:")) return read_whole(text.substr(6), 1, kMaxRows, last);
  const std::size_t dash = text.find('-');
  return dash != std::string_view::npos && read_whole(text.substr(0, dash), 1, kMaxRows, first) &&
         read_whole(text.substr(dash + 1), first, kMaxRows, last);
}

inline Option validation_rows(const Names& names) {
  Option option = row(OptionKind::text, names);
  option.set = [](FitOptions& options, std::string_view text) {
    if (!text.empty() && !is_row_range(text)) return std::string("rows as last:1000, first:500 or 101-200");
    options.validation_rows = text;
    return std::string();
  };
  option.get = [](const FitOptions& options) { return options.validation_rows; };
  return option;
}

inline Option fold(const Names& names) {
  Option option = row(OptionKind::text, names);
  option.set = [](FitOptions& options, std::string_view text) {
    const std::size_t stroke = text.find('/');
    std::uint64_t fold = 0, folds = 0;
    if (!text.empty() &&
        (stroke == std::string_view::npos || !read_whole(text.substr(stroke + 1), 2, kMaxRows, folds) ||
         !read_whole(text.substr(0, stroke), 1, folds, fold)))
      return std::string("K/N, K from 1 to N and N from 2 up, such as 3/10");
    options.test_fold = fold;
    options.test_folds = folds;
    return std::string();
  };
  option.get = [](const FitOptions& options) {
    return options.test_folds == 0 ? std::string() : fmt::format("{}/{}", options.test_fold, options.test_folds);
  };
  return option;
}

inline Option threshold(const Names& names) {
  Option option = row(OptionKind::number, names);
  option.set = [](FitOptions& options, std::string_view text) {
    double value = 0;
    const bool none = text == "none";
    if (!none && (!number_from_text(text, value) || !kInside.holds(value)))
      return fmt::format("none or a number {}", kInside.words());
    options.threshold = none ? std::nullopt : std::optional<double>(value);
    return std::string();
  };
  option.get = [](const FitOptions& options) {
    return options.threshold ? number_text(*options.threshold) : std::string("none");
  };
  return option;
}

// Checks the syntax only; the classes are known once the table is read.
inline Option class_weight(const Names& names) {
  Option option = row(OptionKind::text_list, names);
  option.set = [](FitOptions& options, std::string_view text) {
    const bool word = text == "none" || text == "balanced";
    const std::vector<std::string> parts = word ? std::vector<std::string>() : split_list(text);
    for (const std::string& part : parts) {
      double weight = 0;
      const std::size_t sign = part.rfind('=');
      if (sign == std::string::npos || sign == 0 ||
          !number_from_text(std::string_view(part).substr(sign + 1), weight) || weight < 0)
        return std::string("none, balanced, or numbers from 0 up as in yes=5,no=1");
    }
    if (!word && parts.empty()) return std::string("none, balanced, or numbers from 0 up as in yes=5,no=1");
    options.class_weight = text;
    return std::string();
  };
  option.get = [](const FitOptions& options) { return options.class_weight; };
  return option;
}

inline Option batch_size(const Names& names) {
  Option option = row(OptionKind::whole, names);
  option.set = [](FitOptions& options, std::string_view text) {
    std::uint64_t rows = 0;
    if (text != "all" && !read_whole(text, 1, kMaxRows, rows))
      return fmt::format("all or a whole number from 1 to {}", kMaxRows);
    options.train.batch_size = rows;
    return std::string();
  };
  option.get = [](const FitOptions& options) {
    return options.train.batch_size == 0 ? std::string("all") : std::to_string(options.train.batch_size);
  };
  return option;
}

inline std::vector<std::string> with_automatic(const std::vector<std::string>& names) {
  std::vector<std::string> all{"auto"};
  all.insert(all.end(), names.begin(), names.end());
  return all;
}

inline std::vector<std::string> with_none(const std::vector<std::string>& names) {
  std::vector<std::string> all{"none"};
  all.insert(all.end(), names.begin(), names.end());
  return all;
}

inline Option loss_choice(const Names& names) {
  const auto take = [](FitOptions& options, std::string_view text) {
    options.train.loss.kind = text == "auto" ? Loss().kind : loss_from_name(text);
    options.automatic_loss = text == "auto";
  };
  const auto get = [](const FitOptions& options) {
    return options.loss_is_automatic() ? std::string_view("auto") : loss_name(options.train.loss);
  };
  return choice(names, with_automatic(loss_names()), take, get);
}

/// `known`: how many of the scalings, in their order, are allowed.
template <class Member>
Option scaling_choice(const Names& names, std::size_t known, Member member) {
  const std::vector<std::string> scalings(scaling_names().begin(),
                                          scaling_names().begin() + static_cast<std::ptrdiff_t>(known));
  const auto take = [member, scalings](FitOptions& options, std::string_view text) {
    member(options) = static_cast<Scaling>(index_of_name(text, scalings, "scaling"));
  };
  const auto get = [member](const FitOptions& options) {
    return scaling_names()[static_cast<std::size_t>(member(options))];
  };
  return choice(names, scalings, take, get);
}

inline std::vector<std::string> all_metrics() {
  std::vector<std::string> names = metric_names(true);
  for (const std::string& name : metric_names(false))
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

}  // namespace chainrule::option_kinds
