// SPDX-License-Identifier: Apache-2.0
#include "chainrule/report/training_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chainrule/base/error.h"
#include "chainrule/base/html_page.h"
#include "chainrule/base/random.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/report/documents.h"
#include "chainrule/report/parts.h"
#include "chainrule/training/diagnosis/findings.h"

namespace chainrule {

PageSources report_page_sources();  // cmake/embed_page.cmake

namespace {

constexpr std::size_t kMaxRowsExamined = 10'000;

// The metrics of the training, then further ones measured on the test rows.
Json scores_of(const FitResult& result) {
  Json scores = Json::array();
  for (const Metric& metric : result.training) {
    Json one = {{"name", metric.name}, {"training", json_number(metric.value)}};
    if (const Metric* const found = find_metric(result.validation, metric.name))
      one["validation"] = json_number(found->value);
    if (const Metric* const found = find_metric(result.baseline, metric.name))
      one["trivial"] = json_number(found->value);
    if (const Estimate* const found = find_estimate(result.test, metric.name)) {
      one["test"] = estimate_object(*found);
      one["trivial"] = json_number(found->baseline);
    }
    scores.push_back(std::move(one));
  }
  for (const Estimate& estimate : result.test.metrics)
    if (find_metric(result.training, estimate.name) == nullptr && !std::isnan(estimate.value))
      scores.push_back(
          {{"name", estimate.name}, {"test", estimate_object(estimate)}, {"trivial", json_number(estimate.baseline)}});
  return scores;
}

// Predictions for the test rows, or for the validation rows if there are no test rows.
Json predictions_of(const FitResult& result, const ReportFacts& facts) {
  const bool tested = !result.split.test.empty();
  const Selection shown = tested ? facts.rows->test() : facts.rows->validation_rows();
  const Model& model = result.model;
  ShownPredictions predictions{&model.encoder, &shown.data->targets, shown.rows, {}, {}};
  Json out = {{"part", tested ? "test" : "validation"}};
  Predictor predictor(model, kRowsAtOnce, facts.threads);
  predictions.predict = [&](std::span<const std::size_t> indices, ViewOf<double> given) {
    std::vector<std::size_t> rows;
    for (const std::size_t index : indices) rows.push_back(predictions.rows[index]);
    predictor.predict(shown.data->inputs, rows, given);
  };
  predictions.decided = [&](std::size_t, std::span<const double> prediction) { return decide(model, prediction); };
  add_predictions(predictions, out);
  return out;
}

// The model's problems, judged on a sample of training rows. Null if they cannot be judged: no row has a weight, or
// numbers are not finite, which other messages report.
Json findings_of(const FitResult& result, const ReportFacts& facts) {
  std::vector<std::size_t> rows;
  for (const std::size_t i :
       random_permutation({facts.options->train.seed, Purpose::shuffle, 0, 0}, result.split.training.size()))
    if (rows.size() < kMaxRowsExamined) rows.push_back(result.split.training[i]);
  Json findings = Json::array();
  try {
    for (const Finding& finding :
         certain_findings(examine(result.model, copy_rows(facts.rows->rows, rows), facts.threads)))
      findings.push_back({{"problem", finding.problem.text()}, {"advice", finding.advice.text()}});
  } catch (const Error&) {
    return nullptr;
  }
  return findings;
}

// For each layer over the training: statistics of its activations, and its updates relative to its parameters.
Json layers_of(const FitResult& result, const ReportFacts& facts) {
  const Architecture& architecture = result.model.network.architecture;
  Json steps = Json::array(), layers = Json::array();
  for (const HealthRecord& record : *facts.health) steps.push_back(record.step.step);
  const auto series = [&](std::size_t l, const std::function<double(const LayerHealth&)>& of) {
    std::vector<double> values;
    for (const HealthRecord& record : *facts.health) values.push_back(of(record.layers[l]));
    return json_numbers(values);
  };
  for (std::size_t l = 0; l <= architecture.depth(); ++l) {
    Json layer = {{"layer", l + 1},
                  {"units", l == 0 ? architecture.inputs : architecture.layers[l - 1].outputs},
                  {"activation", l == 0 ? "" : std::string(activation_name(architecture.layers[l - 1].activation))}};
    layer["mean"] = series(l, [](const LayerHealth& health) { return health.activation_mean; });
    layer["deviation"] = series(l, [](const LayerHealth& health) { return health.activation_deviation; });
    if (l > 0) {
      layer["saturated"] = series(l, [](const LayerHealth& health) { return health.saturated; });
      layer["dead"] = series(l, [](const LayerHealth& health) { return health.dead; });
    }
    if (l < architecture.depth()) {
      layer["weights"] = series(l, [](const LayerHealth& health) { return health.weights.update_ratio; });
      layer["biases"] = series(l, [](const LayerHealth& health) { return health.biases.update_ratio; });
    }
    layers.push_back(std::move(layer));
  }
  return {{"steps", steps},
          {"layers", layers},
          {"rows", std::min(result.split.training.size(), kMaxRowsExamined)},
          {"findings", findings_of(result, facts)}};
}

// One sentence with the main metric, its interval and the baseline.
std::string summary_of(const FitResult& result, std::size_t validation_rows) {
  const bool tested = result.test.rows > 0, classes = result.model.encoder.task == Task::classes;
  const char* const name = classes ? "accuracy" : "rmse";
  const std::string target = result.model.encoder.target;
  Estimate score;
  score.value = score.baseline = score.low = NAN;
  if (tested) {
    score = *find_estimate(result.test, name);
  } else if (const Metric* const found = find_metric(result.validation, name)) {
    score.value = found->value;
    if (const Metric* const constant = find_metric(result.baseline, name)) score.baseline = constant->value;
  }
  if (std::isnan(score.value)) return fmt::format("The model of {} was scored on its training rows only.", target);
  const std::size_t count = tested ? result.test.rows : validation_rows;
  const std::string rows = fmt::format("{} {} row{}", count, tested ? "test" : "validation", count == 1 ? "" : "s");
  const double baseline = score.baseline;
  const bool interval = !std::isnan(score.low);
  std::string beside;
  if (interval)
    beside = classes ? fmt::format("95 % confidence interval {:.1f} to {:.1f} %", 100 * score.low, 100 * score.high)
                     : fmt::format("95 % confidence interval {:.4g} to {:.4g}", score.low, score.high);
  if (!score.no_interval.empty()) beside = "no confidence interval: " + score.no_interval;
  if (!beside.empty() && !std::isnan(baseline)) beside += "; ";
  if (!std::isnan(baseline))
    beside += classes ? fmt::format("always predicting the most frequent class: {:.1f} %", 100 * baseline)
                      : fmt::format("always predicting the mean: {:.4g}", baseline);
  if (!beside.empty()) beside = " (" + beside + ")";
  const Estimate* const ranks =
      tested && result.model.encoder.labels.size() == 2 ? find_estimate(result.test, "roc_auc") : nullptr;
  if (ranks != nullptr && !std::isnan(ranks->value)) beside += fmt::format("; ROC AUC {:.3g}", ranks->value);
  if (classes) return fmt::format("Accuracy for {} on {}: {:.1f} %{}.", target, rows, 100 * score.value, beside);
  return fmt::format("Root mean square error of {} on {}: {:.4g}{}.", target, rows, score.value, beside);
}

std::string how_of(const FitResult& result, const ReportFacts& facts, std::size_t validation) {
  const History& history = result.history;
  std::string text = fmt::format("{} training rows, {} validation rows", result.split.training.size(), validation);
  if (result.test.rows > 0) text += fmt::format(", {} test rows", result.test.rows);
  text += fmt::format(". {}. {} epochs, {} steps in {:.1f} s", describe(result.model.network.architecture),
                      history.epochs.size(), history.steps, facts.seconds);
  if (history.stop == StopReason::early_stopping) text += ", stopped early";
  if (history.stop == StopReason::interrupted) text += ", interrupted";
  if (history.best_epoch > 0)
    text += "; the model has the weights of epoch " + best_epoch_text(history, validation > 0);
  return text + ".";
}

}  // namespace

std::string best_epoch_text(const History& history, bool has_validation) {
  if (history.inner_folds > 0)
    return fmt::format("{} (best {} over {} inner folds)", history.best_epoch, history.monitored_metric,
                       history.inner_folds);
  return fmt::format("{} (best {} {})", history.best_epoch, has_validation ? "validation" : "training",
                     history.monitored_metric);
}

Json training_report(const FitResult& result, const ReportFacts& facts) {
  const Model& model = result.model;
  const std::size_t validation = facts.validation != nullptr ? facts.validation->rows : result.split.validation.size();
  std::vector<Note> notes;
  for (const Table* const table : {facts.table, facts.validation})
    if (table != nullptr) notes.insert(notes.end(), table->notes.begin(), table->notes.end());
  notes.insert(notes.end(), result.notes.begin(), result.notes.end());
  return {
      {"schema", 1},
      {"kind", "training"},
      {"program", model.provenance.program},
      {"data", facts.data},
      {"model", facts.model},
      {"summary", summary_of(result, validation)},
      {"how", how_of(result, facts, validation)},
      {"task", model.encoder.task == Task::classes ? "classes" : "number"},
      {"target", model.encoder.target},
      {"labels", model.encoder.labels},
      {"rows", {{"training", result.split.training.size()}, {"validation", validation}, {"test", result.test.rows}}},
      {"ended", {{"best_epoch", result.history.best_epoch}, {"stop", model.provenance.stop}}},
      {"figures", scores_of(result)},
      {"history", history_object(result.history)},
      {"answers", predictions_of(result, facts)},
      {"health", layers_of(result, facts)},
      {"found_rates", facts.rates == nullptr ? Json(nullptr) : rates_object(*facts.rates)},
      {"columns", columns_array(*facts.table, *facts.plan, *facts.options)},
      {"notes", note_lines(notes)},
      {"note_details", notes_array(notes)},
      {"options", options_array(*facts.options)},
      {"command", fmt::format("{}", fmt::join(facts.commands, "\n"))},
      {"weights_sha256", weights_sha256(model.network)},
      {"data_fingerprint", model.provenance.data_fingerprint}};
}

std::string report_html(std::string_view document) { return page_with(report_page_sources(), document); }

}  // namespace chainrule
