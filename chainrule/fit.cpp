// SPDX-License-Identifier: Apache-2.0
// One call from table to model. What is decided before any number is learned stands in plan_fit().
#include "chainrule/fit.h"

#include <fmt/format.h>

#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/fit_decision.h"
#include "chainrule/options.h"
#include "chainrule/processor.h"
#include "chainrule/sha256.h"
#include "chainrule/trivial_loss.h"
#include "chainrule/version.h"

namespace chainrule {
namespace {

template <class T>
void add(Sha256& sum, std::span<const T> values) {
  sum.add(std::as_bytes(values));
}

std::string_view name_of(StopReason reason) {
  switch (reason) {
    case StopReason::early_stopping:
      return "early_stopping";
    case StopReason::interrupted:
      return "interrupted";
    case StopReason::epochs_done:
      break;
  }
  return "epochs_done";
}

Provenance provenance_of(const Table& table, const FitOptions& options, const FitResult& result) {
  Provenance provenance;
  provenance.program = fmt::format("chainrule {}", kVersion);
  if (!has_fused_multiply_add())
    provenance.program +=
        fmt::format(" on {}, which has no fused multiply-add: other bits than elsewhere", vector_unit());
  provenance.configuration = option_values(options);
  provenance.seed = options.train.seed;
  provenance.data_fingerprint = fingerprint(table, result.model.encoder);
  provenance.stop = name_of(result.history.stop);
  provenance.epochs = result.history.epochs.size();
  provenance.best_epoch = result.history.best_epoch;
  provenance.steps = result.history.steps;
  provenance.training = result.training;
  provenance.validation = result.validation;
  provenance.test = result.test;
  return provenance;
}

// What rows that nothing has looked at say of the model.
Estimates estimate(const Model& model, const Selection& rows, std::size_t threads) {
  Matrix predictions = predict_outputs(model.network, rows, threads);
  const std::vector<double> losses = losses_of_rows(model.loss, predictions.view(), rows);
  apply_link(model.loss, predictions.view());
  EstimateOptions options;
  options.threshold = model.threshold;
  options.losses = losses;
  return estimate_metrics(predictions.view(), rows, options);
}

// Enough of the rows to know what they are like, evenly chosen.
Selection some_of(const Selection& rows) {
  constexpr std::size_t kMost = 10'000;
  const std::size_t all = rows.rows.size(), some = std::min(all, kMost);
  Selection chosen{rows.data, {}};
  for (std::size_t i = 0; i < some; ++i) chosen.rows.push_back(rows.rows[i * all / some]);
  return chosen;
}

// By neither of these is the model better than an answer that looks at no input.
void note_no_better(FitResult& result) {
  std::string figures;
  for (const char* const name : {"accuracy", "log_loss", "rmse"}) {
    const Metric *const ours = find_metric(result.validation, name), *const trivial = find_metric(result.trivial, name);
    if (ours == nullptr || trivial == nullptr) continue;
    if (larger_is_better(name) ? ours->value > trivial->value : ours->value < trivial->value) return;
    figures +=
        fmt::format("{}{} {:.4g} against {:.4g}", figures.empty() ? "" : ", ", name, ours->value, trivial->value);
  }
  if (!figures.empty())
    result.notes.push_back("warning: on the validation rows the model is no better than the best constant answer: " +
                           figures);
}

// A mean over rows that do not count is none.
void require_weight(const Selection& held_out) {
  const auto some = [&](const std::vector<float>& weights) {
    return weights.empty() || held_out.rows.empty() ||
           std::ranges::any_of(held_out.rows, [&](std::size_t row) { return weights[row] > 0; });
  };
  if (!some(held_out.data->weights) || !some(held_out.data->loss_weights))
    throw Error(ErrorCategory::usage, "validation rows: expected a weight above 0 among them, found none",
                "choose other rows, or weights of rows and classes that count there");
}

}  // namespace

FitResult fit(const Table& table, const FitOptions& options, const Observer& observer, const Table* validation,
              std::size_t threads) {
  FitPlan plan = plan_fit(table, options, validation);
  Dataset data = encode(plan.encoder, table, true);
  scale_weights_to_mean_one(data.weights, plan.split.rest);
  scale_weights_to_mean_one(data.loss_weights, plan.split.rest);
  const Dataset other = validation == nullptr ? Dataset() : encode(plan.encoder, *validation, true);
  const Selection training{&data, plan.split.rest};
  const Selection held_out = validation == nullptr ? Selection{&data, plan.split.held_out} : all_rows(other);

  require_weight(held_out);

  FitResult result;
  result.notes = std::move(plan.notes);
  result.model.encoder = std::move(plan.encoder);
  result.model.loss = plan.loss;
  result.model.network = start_network(plan.architecture, options);
  Network& network = result.model.network;
  TrainOptions train_options = options.train;
  train_options.loss = plan.loss;
  result.history = train(network, training, held_out, train_options, observer, threads);
  std::optional<double>& threshold = result.model.threshold;
  threshold = threshold_for(result.model, held_out, options, threads, result.notes);
  const bool by_metric = options.threshold_metric != "none";
  const std::string& metric = by_metric ? options.threshold_metric : options.train.metric;
  result.training = evaluate(network, plan.loss, training, threads, metric, threshold);
  const Selection some = some_of(training);
  result.trivial_loss = trivial_loss(plan.loss, some);
  result.least_loss = least_loss(plan.loss, some);
  if (!held_out.rows.empty()) {
    result.validation = evaluate(network, plan.loss, held_out, threads, metric, threshold);
    for (Metric& one : trivial_metrics(held_out))
      if (find_metric(result.validation, one.name) != nullptr) result.trivial.push_back(std::move(one));
    note_no_better(result);
  }
  if (!plan.split.test.empty()) result.test = estimate(result.model, {&data, plan.split.test}, threads);
  result.model.provenance = provenance_of(table, options, result);
  result.split = std::move(plan.split);
  return result;
}

Network start_network(const Architecture& architecture, const FitOptions& options) {
  Network network(architecture);
  initialize(network, options.initial_weights, options.initial_biases, options.train.seed);
  if (options.zero_output) {
    std::ranges::fill(network.parameters.weights(architecture.depth() - 1).flat(), 0.0f);
    std::ranges::fill(network.parameters.biases(architecture.depth() - 1), 0.0f);
  }
  return network;
}

std::string fingerprint(const Table& table, const Encoder& encoder) {
  Sha256 sum;
  const std::uint64_t rows = table.rows;
  add(sum, std::span(&rows, 1));
  add(sum, table.images.bytes.view());
  for (const std::size_t index : columns_of(encoder, table)) {
    const Column& column = table.columns[index];
    add(sum, std::span<const double>(column.numbers));
    if (column.is_number()) continue;
    for (const std::uint32_t code : column.codes) {  // text as written, each field ended by a zero byte
      const std::string& text = column.spellings[code];
      add(sum, std::span(text.c_str(), text.size() + 1));
    }
  }
  return sum.hex();
}

}  // namespace chainrule
