// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/decision_threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chainrule/base/checks.h"
#include "chainrule/metrics/threshold.h"
#include "chainrule/model/encoded_predictions.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule {
namespace {

constexpr std::size_t kFewRows = 100, kFewOfAClass = 20;  // with fewer, the threshold is unreliable

void note_little_ground(const Encoder& encoder, const Selection& validation_rows, std::vector<Note>& notes) {
  std::array<std::size_t, 2> counts{};
  for (const std::size_t row : validation_rows.rows) ++counts[validation_rows.data->targets.labels[row]];
  const std::size_t rare = counts[1] <= counts[0] ? 1 : 0;
  if (validation_rows.rows.size() >= kFewRows && counts[rare] >= kFewOfAClass) return;
  notes.push_back(warning_note(
      NoteTopic::threshold,
      fmt::format("the threshold rests on {} validation rows, {} of them of class {}: on new rows another threshold "
                  "may be better",
                  validation_rows.rows.size(), counts[rare], encoder.labels[rare]),
      "", "threshold_metric"));
}

}  // namespace

void check_threshold(const Encoder& encoder, const FitOptions& options, std::size_t validation_rows) {
  const bool chosen = options.threshold_metric != "none";
  if (!chosen && !options.threshold) return;
  const char* const option = chosen ? "threshold_metric" : "threshold";
  if (chosen && options.threshold)
    throw option_error("threshold", "expected no threshold_metric together with it, found one");
  if (chosen) index_of_name(options.threshold_metric, threshold_metric_names(), "threshold_metric");
  if (options.threshold && !(*options.threshold > 0 && *options.threshold < 1))
    throw option_error("threshold", fmt::format("expected a number in (0, 1), found {}", *options.threshold));
  if (encoder.labels.size() != 2)
    throw option_error(
        option, fmt::format("expected a target of two classes, found {}",
                            encoder.task == Task::number ? "a number" : fmt::format("{}", encoder.labels.size())));
  if (chosen && validation_rows == 0)
    throw option_error(
        "threshold_metric", "expected validation rows, found none",
        message_of(NamedOption{"validation_split"}, " or ", NamedOption{"validation"}, " provides them"));
}

std::optional<double> threshold_for(const Model& model, const Selection& validation_rows, const FitOptions& options,
                                    std::size_t threads, std::vector<Note>& notes) {
  if (options.threshold_metric == "none") return options.threshold;
  const Predictions predictions = predict(model, validation_rows, threads);
  const auto choice = choose_threshold(predictions.outputs.view(), validation_rows, options.threshold_metric);
  if (!choice) {
    notes.push_back(warning_note(
        NoteTopic::threshold,
        fmt::format("no threshold is chosen: {} is undefined on the validation rows", options.threshold_metric), "",
        "threshold_metric"));
    return std::nullopt;
  }
  if (choice->value <= choice->before) {
    notes.push_back(
        info_note(NoteTopic::threshold,
                  fmt::format("the likelier class is predicted: no threshold has a better {} than its {:.4g}",
                              options.threshold_metric, choice->before),
                  "", "threshold_metric"));
    return std::nullopt;
  }
  notes.push_back(info_note(
      NoteTopic::threshold,
      fmt::format("threshold {:.4g} for class {}: {} {:.4g} instead of {:.4g} on the validation rows",
                  choice->threshold, model.encoder.labels[1], options.threshold_metric, choice->value, choice->before),
      "", "threshold_metric"));
  note_little_ground(model.encoder, validation_rows, notes);
  return choice->threshold;
}

}  // namespace chainrule
