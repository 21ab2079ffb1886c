// SPDX-License-Identifier: Apache-2.0
// From table to model. plan_fit() makes all decisions before the training.
#include "chainrule/training/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/base/version.h"
#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/rows/repeated_rows.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/formulas/optimizer_update.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/processor.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/model/evaluation.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/training/decision_threshold.h"
#include "chainrule/training/holdout.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/planning.h"

namespace chainrule {

// Decisions before training: presets, architecture, loss, memory. holdout.cpp divides the rows.

namespace {

constexpr std::size_t kRowsForAVerdict = 30;
constexpr std::size_t kRowsToCompare = 10;  // the baseline is fitted to the rows that it is measured on

std::vector<double> balanced(const Encoder& encoder, const Table& table, std::span<const std::size_t> rows) {
  const std::vector<std::uint32_t> labels = encode_labels(encoder, table);
  std::vector<std::size_t> counts(encoder.labels.size());
  for (const std::size_t row : rows) ++counts[labels[row]];
  const std::size_t present = counts.size() - static_cast<std::size_t>(std::count(counts.begin(), counts.end(), 0U));
  std::vector<double> weights(counts.size(), 1);
  for (std::size_t k = 0; k < counts.size(); ++k)
    if (counts[k] > 0)
      weights[k] = static_cast<double>(rows.size()) / (static_cast<double>(present) * static_cast<double>(counts[k]));
  return weights;
}

std::vector<double> named(const Encoder& encoder, const std::string& weights_text) {
  std::vector<double> weights(encoder.labels.size(), 1);
  std::vector<bool> given(weights.size(), false);
  for (const std::string& part : split_list(weights_text)) {
    const std::size_t sign = part.rfind('=');
    const std::string label = part.substr(0, sign);
    const auto at = std::find(encoder.labels.begin(), encoder.labels.end(), label);
    const auto k = static_cast<std::size_t>(at - encoder.labels.begin());
    if (at == encoder.labels.end()) {
      const std::string near = nearest_name(label, encoder.labels);
      constexpr std::size_t kShown = 10;
      const std::span<const std::string> some =
          std::span(encoder.labels).first(std::min(kShown, encoder.labels.size()));
      throw option_error("class_weight",
                         fmt::format("expected a class ({}{}), found {}", fmt::join(some, ", "),
                                     some.size() < encoder.labels.size() ? ", ..." : "", in_quotes(label)),
                         near.empty() ? "" : fmt::format("did you mean {}?", near));
    }
    if (given[k]) throw option_error("class_weight", "expected each class once, found " + in_quotes(label) + " twice");
    given[k] = true;
    if (!number_from_text(std::string_view(part).substr(sign + 1), weights[k]))
      throw option_error("class_weight", "expected CLASS=NUMBER, found " + in_quotes(part));
  }
  return weights;
}

// A weight per label from options.class_weight: "balanced" is rows / (classes * rows of the class) over `rows`; "none"
// gives an empty list. Throws Error (usage) for unknown classes.
std::vector<double> class_weights_for(const Encoder& encoder, const Table& table, std::span<const std::size_t> rows,
                                      const FitOptions& options) {
  if (options.class_weight == "none") return {};
  return options.class_weight == "balanced" ? balanced(encoder, table, rows) : named(encoder, options.class_weight);
}

// Warns about targets that are IDs or dates rather than classes.
void note_no_classes(const Table& table, FitPlan& plan) {
  const std::size_t classes = plan.encoder.labels.size(), target = plan.encoder.target_column - 1;
  if (plan.encoder.task == Task::classes && !table.columns[target].is_number() &&
      read_column(table, target).type == ColumnType::date)
    plan.notes.push_back(warning_note(
        NoteTopic::target,
        fmt::format("{} has dates, and each of its {} values is a class: to predict a date, convert it to a number, "
                    "such as days",
                    in_quotes(plan.encoder.target), classes),
        plan.encoder.target));
  if (table.rows >= 10 && classes * 10 > table.rows * 8)
    plan.notes.push_back(warning_note(NoteTopic::target,
                                      fmt::format("{} classes of {} in {} rows: is it an ID rather than a class?",
                                                  classes, in_quotes(plan.encoder.target), table.rows),
                                      plan.encoder.target));
}

void note_class_weights(FitPlan& plan) {
  constexpr std::size_t kShown = 10;
  const std::vector<double>& weights = plan.encoder.class_weights;
  if (weights.empty()) return;
  std::string some;
  for (std::size_t k = 0; k < std::min(kShown, weights.size()); ++k)
    some += fmt::format("{}{} {:.4g}", k > 0 ? ", " : "", plan.encoder.labels[k], weights[k]);
  plan.notes.push_back(
      info_note(NoteTopic::options,
                fmt::format("class weights: {}{}; they shift probabilities: a larger weight gives a larger probability",
                            some, weights.size() > kShown ? ", ..." : ""),
                "", "class_weight"));
}

std::size_t bytes_of(const Table& table) {
  std::size_t bytes =
      table.images.bytes.size() + sizeof(std::uint64_t) * (table.lines.size() + table.row_numbers.size());
  for (const Column& column : table.columns)
    bytes += sizeof(double) * column.numbers.size() + sizeof(std::uint32_t) * column.codes.size() +
             sizeof(std::string) * column.spellings.size();
  return bytes;
}

// Memory for a table as read and as encoded, its row numbers, and the results of evaluation per row.
std::size_t memory_for_rows(const FitPlan& plan, const Table& table) {
  constexpr std::size_t kRowNumbers = 5;  // two plans (printed, trained), two selections, the shuffled order
  const std::size_t encoded = table.has_images() ? 0 : sizeof(float) * plan.encoder.width();
  const std::size_t row = encoded + 2 * sizeof(float) + kRowNumbers * sizeof(std::size_t) +
                          sizeof(float) * plan.encoder.outputs() + sizeof(double);
  return bytes_of(table) + checked_product(table.rows, row, "rows");
}

// Memory for parameters, gradients (per thread if divided), the best copy, that of an evaluation and the optimizer's
// state; z, a and delta of a batch; the rows.
std::size_t memory_for(const FitPlan& plan, const Table& table, const FitOptions& options, const Table* validation) {
  constexpr std::size_t kAnyTraining = std::size_t{17} << 19;  // 8.5 MiB, measured: code, libraries and buffers
  constexpr std::size_t kRowsEvaluated = 1024;                 // of images: bytes become floats; measured
  constexpr std::size_t kTurned = 2 * kPanelOutputs;           // a transposed panel of delta, and its sums
  const std::size_t blocks = 4 + optimizer_memory(options.train.optimizer);
  std::size_t units = 2 * plan.architecture.inputs + kTurned, widest = 0, stored = 0, wide_from = kernels::kLeafRows;
  for (std::size_t l = 0; l < plan.architecture.depth(); ++l) {
    const Layer& layer = plan.architecture.layers[l];
    units += (layer.dropout > 0 ? 5 : 3) * layer.outputs;
    widest = std::max(widest, layer.outputs);
    stored += whole_lines(layer.outputs) * (plan.architecture.layer_inputs(l) + 1);
    wide_from = std::max(wide_from, kernels::rows_of_wide_batch(plan.architecture.layer_inputs(l), layer.outputs));
  }
  units += widest;  // a transposed delta
  const std::size_t rows = plan.split.training.size();
  const std::size_t batch = rows_per_batch(options.train, rows);
  const std::size_t widened = table.has_images() ? kRowsEvaluated * plan.architecture.inputs : 0;
  const std::size_t chunks = std::clamp<std::size_t>(batch / wide_from, 1, kernels::usable_threads());
  const std::size_t networks = 1 + plan.inner_folds;
  const std::size_t trained = (blocks + chunks - 1) * stored + checked_product(batch, units, "batch");
  return kAnyTraining + sizeof(float) * (widened + checked_product(networks, trained, "inner_folds")) +
         memory_for_rows(plan, table) + (validation == nullptr ? 0 : memory_for_rows(plan, *validation));
}

// Options of the other task that were requested; those of a preset are ignored.
void refuse_idle_options(const FitOptions& options, Task task) {
  for (const Option& option : option_table()) {
    if (!option.task || *option.task == task || option.get(options) == option.off) continue;
    if (!is_requested(options, option.name)) continue;
    if (*option.task == Task::classes)
      throw option_error(option.key(), "expected classes as target, found a number",
                         message_of(NamedOption{"task", "classes"}, " predicts classes"));
    throw option_error(option.key(), "expected a number as target, found classes",
                       message_of(NamedOption{"task", "number"}, " predicts a number"));
  }
}

// The folds that choose the epoch, or lower the rate, if the validation rows are too few to do so.
std::size_t inner_folds(const TrainOptions& options, const Split& split) {
  if (split.validation.size() >= kRowsForAVerdict || split.training.size() < 2) return 0;
  const bool judges = options.restore_best || options.patience > 0 || options.plateau_patience > 0;
  return judges ? std::min(options.inner_folds, split.training.size()) : 0;
}

// So few rows do not judge a model. Cross-validation adds many such parts.
void note_few_rows(const FitOptions& options, FitPlan& plan, std::size_t validation) {
  if (options.test_folds > 0) return;
  const auto say = [&](std::size_t rows, const char* use, const char* option) {
    if (rows == 0 || rows >= kRowsForAVerdict) return;
    plan.notes.push_back(
        info_note(NoteTopic::rows,
                  fmt::format("{} {} row{} too few for a verdict (fewer than {}): cross-validation tests every row",
                              rows, use, rows == 1 ? " is" : "s are", kRowsForAVerdict),
                  "", option));
  };
  say(validation, "validation", "validation_split");
  say(plan.split.test.size(), "test", "test_split");
}

void note_rprop(const FitOptions& options, FitPlan& plan) {
  if (std::holds_alternative<Rprop>(options.train.optimizer))
    plan.notes.push_back(info_note(NoteTopic::options,
                                   "optimizer rprop: every step uses all rows, and the schedule is constant", "",
                                   "optimizer"));
}

void note_warmup(const TrainOptions& options, FitPlan& plan) {
  if (options.schedule.warmup_epochs >= static_cast<double>(options.epochs))
    plan.notes.push_back(
        warning_note(NoteTopic::options,
                     fmt::format("warmup_epochs {} is not below epochs {}: the learning rate rises to the end",
                                 options.schedule.warmup_epochs, options.epochs),
                     "", "warmup_epochs"));
}

void require_metric(const std::string& metric, Task task) {
  const std::vector<std::string>& known = metric_names(task == Task::classes);
  if (std::find(known.begin(), known.end(), metric) == known.end())
    throw option_error("metric",
                       fmt::format("expected one of {} for {}, found {}", fmt::join(known, ", "),
                                   task == Task::classes ? "classes" : "a number as target", in_quotes(metric)));
}

void require_counts(const Table& table, const Encoder& encoder) {
  const Column& target = table.columns[encoder.target_column - 1];
  for (std::size_t row = 0; row < target.numbers.size(); ++row)
    if (target.numbers[row] < 0)
      throw Error(ErrorCategory::input,
                  fmt::format("{}: column {}: the loss poisson expects a target >= 0, found {}",
                              location_of_row(table, row), in_quotes(target.name), target.numbers[row]));
}

}  // namespace

namespace {

FitPlan plan_counted_rows(const Table& table, const FitOptions& options, const Table* validation) {
  FitPlan plan;
  const EncoderOptions data = encoder_options(table, options);
  plan.encoder = plan_encoder(table, data, plan.notes);
  refuse_idle_options(options, plan.encoder.task);
  plan.loss = loss_for(plan.encoder.task, options);
  if (plan.loss.kind == LossKind::poisson) require_counts(table, plan.encoder);
  plan.split = split_for(plan.encoder, table, options, validation != nullptr, plan.notes);
  fit_encoder(plan.encoder, table, plan.split.training, data, plan.notes);
  plan.encoder.class_weights = class_weights_for(plan.encoder, table, plan.split.training, options);
  check_threshold(plan.encoder, options, validation != nullptr ? validation->rows : plan.split.validation.size());
  note_no_classes(table, plan);
  note_class_weights(plan);
  plan.architecture = architecture_for(plan.encoder, options);
  TrainOptions train = options.train;
  train.loss = plan.loss;
  validate(train);
  require_metric(train.metric, plan.encoder.task);
  plan.inner_folds = validation == nullptr ? inner_folds(train, plan.split) : 0;
  note_few_rows(options, plan, validation != nullptr ? validation->rows : plan.split.validation.size());
  note_rprop(options, plan);
  note_warmup(train, plan);
  plan.memory_bytes = memory_for(plan, table, options, validation);
  return plan;
}

}  // namespace

FitPlan plan_fit(const Table& table, const FitOptions& options, const Table* validation) {
  validate(table);
  if (validation != nullptr) validate(*validation);
  const EncoderOptions& data = options.data;
  if (data.weight.empty() || table.columns.empty()) return plan_counted_rows(table, options, validation);
  const std::size_t weight = find_column(table, data.weight, "weight");
  const std::size_t target = data.target.empty() ? table.columns.size() - 1 : find_column(table, data.target, "target");
  const std::optional<CountedRows> counted = counted_rows(table, weight, target);
  if (!counted) return plan_counted_rows(table, options, validation);
  FitPlan plan = plan_counted_rows(counted->table, options, validation);
  plan.notes.insert(plan.notes.begin(), counted->table.notes.back());
  for (std::vector<std::size_t>* part : {&plan.split.training, &plan.split.validation, &plan.split.test})
    for (std::size_t& row : *part) row = counted->rows[row];
  return plan;
}

namespace {

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

Provenance provenance_of(const FitData& data, const FitOptions& options, const FitResult& result) {
  Provenance provenance;
  provenance.program = fmt::format("chainrule {}", kVersion);
  if (!has_fused_multiply_add())
    provenance.program +=
        fmt::format(" on {}, which has no fused multiply-add: bits differ from other processors", vector_unit());
  provenance.configuration = option_values(options);
  provenance.seed = options.train.seed;
  provenance.data_fingerprint = data.fingerprint;
  provenance.stop = name_of(result.history.stop);
  provenance.epochs = result.history.epochs.size();
  provenance.best_epoch = result.history.best_epoch;
  provenance.steps = result.history.steps;
  provenance.training = result.training;
  provenance.validation = result.validation;
  provenance.test = result.test;
  return provenance;
}

// An evenly spaced sample of the rows, enough to estimate a loss.
Selection some_of(const Selection& rows) {
  constexpr std::size_t kMax = 10'000;
  const std::size_t all = rows.rows.size(), some = std::min(all, kMax);
  Selection chosen{rows.data, {}};
  for (std::size_t i = 0; i < some; ++i) chosen.rows.push_back(rows.rows[i * all / some]);
  return chosen;
}

// Warns unless the loss, or the accuracy or squared error, is better than that of the baseline beyond chance, by the
// differences of the same rows.
void note_no_better(FitResult& result, const Selection& rows, std::size_t threads) {
  const Matrix outputs = predict_outputs(result.model.network, rows, threads);
  const Loss& loss = result.model.loss;
  const GainOverBaseline gain = gain_of_loss(loss, outputs.view(), rows);
  Matrix predictions = outputs;
  apply_link(loss, predictions.view());
  const double baseline = baseline_loss(loss, rows);
  constexpr double kFarBetter = 0.2;  // of the baseline's loss; few rows then leave less doubt than their interval
  const bool is_far = gain.mean > gain.error && gain.mean > kFarBetter * (baseline - minimum_loss(loss, rows));
  if (is_far || gain.is_clear()) return;
  if (gain_of_predictions(predictions.view(), rows, result.model.threshold).is_clear()) return;
  std::string scores =
      fmt::format("loss {:.4g} against {:.4g}", find_metric(result.validation, "loss")->value, baseline);
  for (const char* const name : {"accuracy", "rmse"}) {
    const Metric* const ours = find_metric(result.validation, name);
    const Metric* const theirs = find_metric(result.baseline, name);
    if (ours != nullptr && theirs != nullptr)
      scores += fmt::format(", {} {:.4g} against {:.4g}", name, ours->value, theirs->value);
  }
  const bool seems_better = gain.mean > 0;
  result.notes.push_back(warning_note(
      NoteTopic::baseline, fmt::format("on the {} validation rows the model is {} than the baseline: {}{}",
                                       rows.rows.size(), seems_better ? "not clearly better" : "no better", scores,
                                       seems_better ? "; the differences may be chance (95 % interval)" : "")));
}

// Encodes a table as if its rows of weight 0 were not there: their inputs and targets become 0.
Dataset encode_counted_rows(const Encoder& encoder, const Table& table) {
  if (encoder.weight.empty() || table.has_images()) return encode(encoder, table, true);
  const EncodedColumns columns = find_encoded_columns(encoder, table, true);
  const std::optional<CountedRows> counted = counted_rows(table, columns.weight, columns.target);
  if (!counted) return encode(encoder, table, true);
  const Dataset some = encode(encoder, counted->table, true);
  Dataset all;
  all.targets = some.targets;
  all.targets.labels.assign(some.targets.labels.empty() ? 0 : table.rows, 0);
  all.targets.values = Matrix(some.targets.classes > 0 ? 0 : table.rows, some.targets.classes > 0 ? 0 : 1);
  all.weights.assign(table.rows, 0);
  all.loss_weights.assign(some.loss_weights.empty() ? 0 : table.rows, 0);
  Matrix inputs(table.rows, some.inputs.columns()), one(1, some.inputs.columns());
  for (std::size_t i = 0; i < counted->rows.size(); ++i) {
    const std::size_t row = counted->rows[i];
    some.inputs.gather(std::span(&i, 1), one.view());
    std::ranges::copy(one.row(0), inputs.row(row).begin());
    if (some.targets.classes > 0) all.targets.labels[row] = some.targets.labels[i];
    if (some.targets.classes == 0) all.targets.values(row, 0) = some.targets.values(i, 0);
    all.weights[row] = some.weights[i];
    if (!some.loss_weights.empty()) all.loss_weights[row] = some.loss_weights[i];
  }
  all.inputs = Features(std::move(inputs));
  return all;
}

// Rows that the model has seen in training say little about new rows. Where time splits, they may well come again.
void note_repeated_rows(const Encoder& encoder, const Selection& training, const Selection& held_out,
                        const std::string& use, const FitOptions& options, std::vector<Note>& notes) {
  if (!options.time.empty()) return;
  const std::size_t repeats = rows_on_both_sides(encoder, training, held_out);
  if (repeats == 0) return;
  Message text = fmt::format(
      "{} of {} {} rows have the inputs and the target of a training row, so their scores say "
      "little about new rows",
      repeats, held_out.rows.size(), use);
  if (options.group.empty())
    text.append(message_of("; ", NamedOption{"group", "COLUMN"},
                           " keeps rows with the same value of a column, such as a customer, on one side"));
  notes.push_back(warning_note(NoteTopic::leakage, text, "", "group"));
}

// The mean over rows of weight 0 is undefined.
void require_weight(const Selection& validation_rows) {
  const auto some = [&](const std::vector<float>& weights) {
    return weights.empty() || validation_rows.rows.empty() ||
           std::ranges::any_of(validation_rows.rows, [&](std::size_t row) { return weights[row] > 0; });
  };
  if (!some(validation_rows.data->weights) || !some(validation_rows.data->loss_weights))
    throw Error(ErrorCategory::usage, "validation rows: expected a weight above 0 among them, found none",
                "choose other rows, or row and class weights above 0 for them");
}

}  // namespace

Selection FitData::validation_rows() const {
  if (!has_validation_table) return {&rows, split.validation};
  Selection all = all_rows(validation);
  if (!validation.weights.empty())
    std::erase_if(all.rows, [&](std::size_t row) { return validation.weights[row] == 0; });
  return all;
}

FitData encode_fit(const FitPlan& plan, const Table& table, const Table* validation) {
  FitData data;
  data.rows = encode_counted_rows(plan.encoder, table);
  scale_weights_to_mean_one(data.rows.weights, plan.split.training);
  scale_weights_to_mean_one(data.rows.loss_weights, plan.split.training);
  data.split = plan.split;
  data.fingerprint = fingerprint(table, plan.encoder);
  if (validation != nullptr) {
    data.validation = encode_counted_rows(plan.encoder, *validation);
    data.has_validation_table = true;
  }
  require_weight(data.validation_rows());
  return data;
}

FitResult fit(const Table& table, const FitOptions& options, const Observer& observer, const Table* validation,
              std::size_t threads) {
  const FitPlan plan = plan_fit(table, options, validation);
  return fit(plan, encode_fit(plan, table, validation), options, observer, threads);
}

FitResult fit(const FitPlan& plan, const FitData& data, const FitOptions& options, const Observer& observer,
              std::size_t threads) {
  const Selection training = data.training(), validation_rows = data.validation_rows();
  FitResult result;
  result.notes = plan.notes;
  result.model.encoder = plan.encoder;
  result.model.loss = plan.loss;
  result.model.network = start_network(architecture_for(plan.encoder, options), options);
  Network& network = result.model.network;
  TrainOptions train_options = options.train;
  train_options.loss = plan.loss;
  train_options.inner_folds = plan.inner_folds;
  result.history = train(network, training, validation_rows, train_options, observer, threads);
  std::optional<double>& threshold = result.model.threshold;
  threshold = threshold_for(result.model, validation_rows, options, threads, result.notes);
  const bool by_metric = options.threshold_metric != "none";
  const std::string& metric = by_metric ? options.threshold_metric : options.train.metric;
  result.training = evaluate(network, plan.loss, training, threads, metric, threshold);
  const Selection some = some_of(training);
  result.baseline_loss = baseline_loss(plan.loss, some);
  result.minimum_loss = minimum_loss(plan.loss, some);
  if (!validation_rows.rows.empty()) {
    result.validation = evaluate(network, plan.loss, validation_rows, threads, metric, threshold);
    for (Metric& one : baseline_metrics(validation_rows))
      if (find_metric(result.validation, one.name) != nullptr) result.baseline.push_back(std::move(one));
    if (validation_rows.rows.size() >= kRowsToCompare) note_no_better(result, validation_rows, threads);
    note_repeated_rows(plan.encoder, training, validation_rows, "validation", options, result.notes);
  }
  if (!data.split.test.empty()) note_repeated_rows(plan.encoder, training, data.test(), "test", options, result.notes);
  if (!data.split.test.empty()) result.test = estimate(result.model, data.test(), threads);
  result.model.provenance = provenance_of(data, options, result);
  result.split = data.split;
  return result;
}

}  // namespace chainrule
