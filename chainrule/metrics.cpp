// SPDX-License-Identifier: Apache-2.0
// Accuracy, recall, F1, log loss, and the errors of numbers. One loop over the rows each, in double, weights counted.
#include "chainrule/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/elementary.h"
#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double row_weight(const Dataset& data, std::size_t row) {
  return data.weights.empty() ? 1.0 : static_cast<double>(data.weights[row]);
}

void require_fit(ConstMatrixView predictions, const Selection& truth) {
  if (truth.data == nullptr) throw Error(ErrorCategory::internal, "metrics: no data set");
  const Targets& targets = truth.data->targets;
  if (predictions.rows() != truth.rows.size() || predictions.columns() != targets.columns())
    throw Error(ErrorCategory::internal, "predictions: expected " + std::to_string(truth.rows.size()) + " x " +
                                             std::to_string(targets.columns()) + ", found " +
                                             std::to_string(predictions.rows()) + " x " +
                                             std::to_string(predictions.columns()));
  const std::size_t known = targets.classes > 0 ? targets.labels.size() : targets.values.rows();
  for (const std::size_t row : truth.rows)
    if (row >= known) throw Error(ErrorCategory::internal, "metrics: row " + std::to_string(row) + " has no target");
}

// -ln of the probability that the scores give to a class; probabilities are kept epsilon away from 0 and 1.
double log_loss_of(std::span<const float> scores, std::size_t label) {
  constexpr double kLeast = std::numeric_limits<double>::epsilon();
  // Written so that a score that is not a number stays one.
  const auto clipped = [](float score) { return score < 0 ? 0.0 : static_cast<double>(score); };
  double sum = 0;
  for (const float score : scores) sum += clipped(score);
  double probability = sum == 0 ? 1 / static_cast<double>(scores.size()) : clipped(scores[label]) / sum;
  if (probability < kLeast) probability = kLeast;
  if (probability > 1 - kLeast) probability = 1 - kLeast;
  return std::isnan(probability) ? kNaN : -elementary::log(probability);
}

// Sums of weights per class.
struct ClassSums {
  double right = 0, truth = 0, predicted = 0;
  bool seen = false;  // as truth or prediction of any row, even of one that weighs nothing
};

Metrics class_metrics(ConstMatrixView predictions, const Selection& truth) {
  const Targets& targets = truth.data->targets;
  std::vector<ClassSums> classes(targets.classes);
  double total = 0, right = 0, log_loss = 0;
  for (std::size_t i = 0; i < truth.rows.size(); ++i) {
    const double weight = row_weight(*truth.data, truth.rows[i]);
    const std::size_t label = targets.labels[truth.rows[i]];
    const std::size_t guess = predicted_class(predictions.row(i));
    classes[label].truth += weight;
    classes[guess].predicted += weight;
    classes[label].seen = classes[guess].seen = true;
    if (label == guess) classes[label].right += weight;
    if (label == guess) right += weight;
    log_loss += weight * log_loss_of(predictions.row(i), label);
    total += weight;
  }
  double recalls = 0, f1s = 0, with_truth = 0, seen = 0;
  for (const ClassSums& c : classes) {
    if (c.truth > 0) {
      recalls += c.right / c.truth;
      ++with_truth;
    }
    if (c.seen) ++seen;
    if (c.truth + c.predicted > 0) f1s += 2 * c.right / (c.truth + c.predicted);
  }
  if (!(total > 0)) recalls = f1s = right = log_loss = kNaN;
  return {{"accuracy", right / total},
          {"balanced_accuracy", recalls / with_truth},
          {"f1_macro", f1s / seen},
          {"log_loss", log_loss / total}};
}

// Of one output: root of the mean squared error, mean absolute error, share of the variance explained.
struct NumberErrors {
  double rmse = 0, mae = 0, r2 = 0;
};

NumberErrors number_errors(ConstMatrixView predictions, const Selection& truth, std::size_t output) {
  const Targets& targets = truth.data->targets;
  double total = 0, squares = 0, absolutes = 0, sum = 0;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (std::size_t i = 0; i < truth.rows.size(); ++i) {
    const double weight = row_weight(*truth.data, truth.rows[i]);
    const auto value = static_cast<double>(targets.values(truth.rows[i], output));
    const double difference = static_cast<double>(predictions(i, output)) - value;
    total += weight;
    sum += weight * value;
    squares += weight * difference * difference;
    absolutes += weight * std::fabs(difference);
    if (weight > 0) least = std::min(least, value);
    if (weight > 0) most = std::max(most, value);
  }
  if (!(total > 0)) return {kNaN, kNaN, kNaN};
  const double mean = sum / total;
  double spread = 0;
  for (const std::size_t row : truth.rows) {
    const double distance = static_cast<double>(targets.values(row, output)) - mean;
    spread += row_weight(*truth.data, row) * distance * distance;
  }
  // Scale alone turns differences into their own unit; r2 is a ratio and needs no unit.
  NumberErrors errors{targets.scale * std::sqrt(squares / total), targets.scale * absolutes / total, kNaN};
  // A constant target has no spread to explain: 1 when it is met, else 0 (0 * squares: what is not a number stays so).
  if (truth.rows.size() >= 2) errors.r2 = least < most ? 1 - squares / spread : squares == 0 ? 1.0 : 0.0 * squares;
  return errors;
}

Metrics number_metrics(ConstMatrixView predictions, const Selection& truth) {
  NumberErrors sum;
  const std::size_t outputs = predictions.columns();
  for (std::size_t j = 0; j < outputs; ++j) {
    const NumberErrors errors = number_errors(predictions, truth, j);
    sum.rmse += errors.rmse;
    sum.mae += errors.mae;
    sum.r2 += errors.r2;
  }
  const auto count = static_cast<double>(outputs);
  return {{"rmse", sum.rmse / count}, {"mae", sum.mae / count}, {"r2", sum.r2 / count}};
}

}  // namespace

const Metric* find_metric(const Metrics& metrics, std::string_view name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

const std::vector<std::string>& metric_names(bool classes) {
  static const std::vector<std::string> of_classes = {"loss", "accuracy", "balanced_accuracy", "f1_macro", "log_loss"};
  static const std::vector<std::string> of_numbers = {"loss", "rmse", "mae", "r2"};
  return classes ? of_classes : of_numbers;
}

bool larger_is_better(std::string_view name) {
  static const std::vector<std::string> names = {
      "loss", "accuracy", "balanced_accuracy", "f1_macro", "log_loss", "rmse", "mae", "r2"};
  const std::string& known = names[index_of_name(name, names, "metric")];
  return known == "accuracy" || known == "balanced_accuracy" || known == "f1_macro" || known == "r2";
}

Metrics compute_metrics(ConstMatrixView predictions, const Selection& truth) {
  require_fit(predictions, truth);
  return truth.data->targets.classes > 0 ? class_metrics(predictions, truth) : number_metrics(predictions, truth);
}

std::vector<std::uint64_t> confusion_matrix(ConstMatrixView predictions, const Selection& truth) {
  require_fit(predictions, truth);
  const std::size_t classes = truth.data->targets.classes;
  std::vector<std::uint64_t> counts(checked_product(classes, classes, "confusion matrix"));
  for (std::size_t i = 0; i < truth.rows.size() && classes > 0; ++i)
    ++counts[truth.data->targets.labels[truth.rows[i]] * classes + predicted_class(predictions.row(i))];
  return counts;
}

std::size_t predicted_class(std::span<const float> scores) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < scores.size(); ++k)
    if (scores[k] > scores[best]) best = k;
  return best;
}

}  // namespace chainrule
