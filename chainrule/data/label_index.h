// SPDX-License-Identifier: Apache-2.0
// Finds texts and numbers among labels or categories. Internal to data/.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/base/text.h"
#include "chainrule/data/table.h"

namespace chainrule {

/// Indices by spelling and, if a label is a number, by value where no other label has it.
class LabelIndex {
 public:
  static constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

  explicit LabelIndex(const std::vector<std::string>& labels) {
    for (std::uint32_t k = 0; k < labels.size(); ++k) {
      by_spelling_.emplace_back(labels[k], k);
      if (const std::optional<double> value = value_of(labels[k])) by_value_.emplace_back(*value, k);
    }
    std::sort(by_spelling_.begin(), by_spelling_.end());
    std::sort(by_value_.begin(), by_value_.end());
    forget_repeated_values();
  }
  std::uint32_t find(std::string_view spelling) const {
    const std::uint32_t exact = find_in(by_spelling_, spelling);
    if (exact != kUnknown) return exact;
    const std::optional<double> value = value_of(spelling);
    return value ? find(*value) : kUnknown;
  }
  std::uint32_t find(double value) const { return find_in(by_value_, value); }

 private:
  // With a decimal point or a decimal comma.
  static std::optional<double> value_of(std::string_view spelling) {
    if (const std::optional<double> value = number_in(spelling)) return value;
    std::string with_point(spelling);
    std::replace(with_point.begin(), with_point.end(), ',', '.');
    return number_in(with_point);
  }

  // Only their text distinguishes 1.1 from 1.10.
  void forget_repeated_values() {
    std::vector<std::pair<double, std::uint32_t>> unique;
    for (std::size_t k = 0; k < by_value_.size(); ++k) {
      const bool as_before = k > 0 && by_value_[k - 1].first == by_value_[k].first;
      const bool as_after = k + 1 < by_value_.size() && by_value_[k + 1].first == by_value_[k].first;
      if (!as_before && !as_after) unique.push_back(by_value_[k]);
    }
    by_value_ = std::move(unique);
  }

  template <class Key>
  static std::uint32_t find_in(const std::vector<std::pair<Key, std::uint32_t>>& sorted, Key key) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), std::pair<Key, std::uint32_t>(key, 0));
    return at != sorted.end() && at->first == key ? at->second : kUnknown;
  }

  std::vector<std::pair<std::string_view, std::uint32_t>> by_spelling_;
  std::vector<std::pair<double, std::uint32_t>> by_value_;
};

}  // namespace chainrule
