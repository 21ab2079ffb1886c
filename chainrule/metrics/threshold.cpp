// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/base/checks.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/metrics/prepared.h"

namespace chainrule {
namespace {

// Weights of the rows of each class, and of those among them predicted as the second class.
struct Counts {
  double first = 0, second = 0, first_taken = 0, second_taken = 0;
};

double f1_of(double right, double targets, double predicted) {
  return targets + predicted > 0 ? 2 * right / (targets + predicted) : std::numeric_limits<double>::quiet_NaN();
}

double value_of(std::string_view metric, const Counts& c) {
  const double all = c.first + c.second, taken = c.first_taken + c.second_taken;
  const double right_first = c.first - c.first_taken;
  if (metric == "accuracy") return (right_first + c.second_taken) / all;
  if (metric == "balanced_accuracy") return (right_first / c.first + c.second_taken / c.second) / 2;
  const double f1 = f1_of(c.second_taken, c.second, taken);
  if (metric == "f1") return f1;
  if (metric == "f1_macro") return (f1_of(right_first, c.first, all - taken) + f1) / 2;
  const double spread = c.first * c.second * taken * (all - taken);
  return spread > 0 ? (right_first * c.second_taken - c.first_taken * (c.second - c.second_taken)) / std::sqrt(spread)
                    : 0;
}

// A threshold between `below` and `above`.
double between(double below, double above) {
  if (below < 0.5 && 0.5 <= above) return 0.5;
  const double middle = below + (above - below) / 2;
  return middle > below ? middle : above;
}

struct Scored {
  double probability = 0, weight = 0;
  bool second = false;
};

std::vector<Scored> scored_rows(ConstMatrixView predictions, const Selection& targets) {
  const std::vector<float> weights = weights_of(targets);
  std::vector<Scored> rows;
  for (std::size_t i = 0; i < targets.rows.size(); ++i)
    rows.push_back({Probabilities(predictions.row(i)).of(1), static_cast<double>(weights[i]),
                    targets.data->targets.labels[targets.rows[i]] == 1});
  return rows;
}

}  // namespace

const std::vector<std::string>& threshold_metric_names() {
  static const std::vector<std::string> names = {"accuracy", "balanced_accuracy", "f1", "f1_macro", "mcc"};
  return names;
}

std::optional<ThresholdChoice> choose_threshold(ConstMatrixView predictions, const Selection& targets,
                                                std::string_view metric) {
  index_of_name(metric, threshold_metric_names(), "threshold_metric");
  std::vector<Scored> rows = scored_rows(predictions, targets);
  Counts counts;
  for (const Scored& row : rows) {
    if (std::isnan(row.probability)) return std::nullopt;
    (row.second ? counts.second : counts.first) += row.weight;
  }
  if (!(counts.first > 0 && counts.second > 0)) return std::nullopt;
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Scored& a, const Scored& b) { return a.probability > b.probability; });
  // From no row predicted as the second class to all of them; equal probabilities stay together.
  std::optional<ThresholdChoice> best;
  for (std::size_t taken = 0;;) {
    const double above = taken == 0 ? 1 : rows[taken - 1].probability;
    const double below = taken == rows.size() ? 0 : rows[taken].probability;
    const ThresholdChoice found{between(below, above), value_of(metric, counts), 0};
    const bool possible = below < above && found.threshold < 1 && !std::isnan(found.value);
    const auto distance = [](const ThresholdChoice& choice) { return std::fabs(choice.threshold - 0.5); };
    if (possible &&
        (!best || found.value > best->value || (found.value == best->value && distance(found) < distance(*best))))
      best = found;
    if (taken == rows.size()) break;
    do {
      (rows[taken].second ? counts.second_taken : counts.first_taken) += rows[taken].weight;
      ++taken;
    } while (taken < rows.size() && rows[taken].probability == rows[taken - 1].probability);
  }
  if (!best) return std::nullopt;
  best->before = find_metric(compute_metrics(predictions, targets, metric), metric)->value;
  best->value = find_metric(compute_metrics(predictions, targets, metric, best->threshold), metric)->value;
  return best;
}

}  // namespace chainrule
