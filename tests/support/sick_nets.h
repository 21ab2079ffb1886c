// SPDX-License-Identifier: Apache-2.0
// Trainings that fail, with the cause that a diagnosis should name first, and trainings that succeed.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/base/random.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/training/diagnosis/remedies.h"
#include "chainrule/training/options/options.h"
#include "tests/support/real_tables.h"

namespace chainrule::testing {

struct Trained {
  const char* name;
  const char* table;
  const char* options;                   ///< "key=value key=value"
  std::vector<FindingKind> causes = {};  ///< any of these is right; none: healthy
  bool is_quick = false;                 ///< belongs to the quick tests
};

inline double normal(std::uint64_t column, std::size_t row) {
  return random_normal({column, Purpose::test, 0, 0}, row);
}

/// A small table by name, the same on every machine; the last column is the target.
inline Table small_table(const std::string& name) {
  constexpr std::size_t kRowsOfATable = 400;
  std::vector<std::vector<double>> columns(3, std::vector<double>(kRowsOfATable));
  std::vector<double> number(kRowsOfATable);
  std::vector<std::string> kind(kRowsOfATable);
  const double unit = name == "large" ? 1e4 : name == "small" ? 1e-3 : 1;
  for (std::size_t row = 0; row < kRowsOfATable; ++row) {
    const double a = normal(1, row), b = normal(2, row), c = normal(3, row), noise = normal(4, row);
    for (std::size_t k = 0; k < 3; ++k)
      columns[k][row] = name == "constant" ? 7 : unit * (normal(k + 1, row) + (name == "large" && k == 1 ? 3 : 0));
    const double bend = a > 0 ? a : -a / 2;
    number[row] = name == "price" ? 120'000 + 40'000 * a - 15'000 * b + 4'000 * noise : bend + b * c / 2 + noise / 10;
    if (name == "tiny") number[row] *= 1e-5;
    kind[row] = a + noise / 5 > std::max(b, c) ? "a" : b > c ? "b" : "c";
    if (name == "xor") kind[row] = (a > 0) == (b > 0) ? "yes" : "no";
    if (name == "rare") kind[row] = a + noise > 2.2 ? "yes" : "no";
    if (name == "noise" || name == "constant") kind[row] = noise > 0 ? "yes" : "no";
  }
  const bool is_number = name == "price" || name == "wave" || name == "tiny";
  std::vector<formats::NamedColumn> named{{"a", columns[0]}, {"b", columns[1]}, {"c", columns[2]}};
  if (is_number)
    named.push_back({"y", number});
  else
    named.push_back({"kind", kind});
  return formats::make_table(named);
}

inline Table table_for(const Trained& one) {
  const std::string name = one.table;
  return name == "iris" || name == "digits" ? load(name + ".csv") : small_table(name);
}

inline FitOptions options_for(const Trained& one) {
  std::vector<Assignment> assignments;
  std::istringstream words(one.options);
  for (std::string word; words >> word;) {
    const std::size_t equal = word.find('=');
    assignments.push_back({word.substr(0, equal), word.substr(equal + 1), one.name});
  }
  return options_from({assignments});
}

/// At least thirty of more than ten kinds. Those that overflow have no model to diagnose; `train` then suggests a rate.
inline std::vector<Trained> sick_nets() {
  using enum FindingKind;
  return {
      // Vanishing gradients; the first is the tutorial's, chapter 11.
      {"five sigmoid layers",
       "digits",
       "preset=classic hidden=30,30,30,30,30 output_activation=identity loss=softmax_cross_entropy initial_biases=zero "
       "initial_weights=auto learning_rate=0.1 validation_split=0.2",
       {gradient_vanishing},
       true},
      {"eight sigmoid layers",
       "iris",
       "hidden=16,16,16,16,16,16,16,16 activation=sigmoid optimizer=sgd epochs=20",
       {gradient_vanishing}},
      {"six sigmoid layers and outputs",
       "digits",
       "preset=classic hidden=20,20,20,20,20,20 initial_weights=auto initial_biases=zero epochs=10",
       {gradient_vanishing}},
      {"seven sigmoid layers for a number",
       "wave",
       "hidden=20,20,20,20,20,20,20 activation=sigmoid optimizer=sgd learning_rate=0.1 epochs=20",
       {gradient_vanishing}},
      // Outputs that are stuck; the first is the tutorial's, chapter 10.
      {"a digit is missing",
       "digits",
       "preset=classic learning_rate=10 seed=5 validation_split=0.2",
       {output_stuck},
       true},
      {"two digits are missing",
       "digits",
       "preset=classic learning_rate=10 seed=2 validation_split=0.2",
       {output_stuck}},
      {"hardly any one", "digits", "preset=classic learning_rate=3 seed=5 validation_split=0.2", {output_stuck}},
      // Targets out of reach.
      {"a sigmoid and 200,000", "price", "preset=classic target_scaling=none epochs=20", {targets_out_of_reach}, true},
      {"a tanh and 200,000", "price", "output_activation=tanh target_scaling=none", {targets_out_of_reach}},
      {"a sigmoid and negative numbers", "wave", "output_activation=sigmoid", {targets_out_of_reach}},
      {"a relu and negative numbers", "wave", "output_activation=relu", {targets_out_of_reach}},
      {"a softplus and negative numbers",
       "wave",
       "output_activation=softplus preset=tabular epochs=20",
       {targets_out_of_reach}},
      // Targets that are not scaled.
      {"raw prices", "price", "target_scaling=none", {targets_not_scaled}, true},
      {"raw prices, tabular", "price", "preset=tabular target_scaling=none epochs=20", {targets_not_scaled}},
      {"raw prices, huber", "price", "target_scaling=none loss=huber", {targets_not_scaled}},
      {"tiny numbers", "tiny", "target_scaling=none epochs=20", {targets_not_scaled}},
      // Learning rates a thousand times too high.
      {"rate 2 with adam", "iris", "learning_rate=2", {update_too_high}, true},
      {"rate 2 with adam, digits", "digits", "learning_rate=2 epochs=10", {update_too_high}},
      {"rate 2 with adam and tanh", "wave", "learning_rate=2 activation=tanh", {update_too_high}},
      {"rate 40, tabular", "xor", "preset=tabular learning_rate=40 epochs=20", {update_too_high, dead}},
      {"rate 3000, classic", "digits", "preset=classic learning_rate=3000 epochs=5", {update_too_high}},
      // Learning rates a thousand times too low.
      {"rate 2e-6 with adam", "iris", "learning_rate=2e-6", {update_too_low}, true},
      {"rate 1e-6 with sgd", "digits", "optimizer=sgd learning_rate=1e-6 epochs=10", {update_too_low}},
      {"rate 4e-5, tabular", "wave", "preset=tabular learning_rate=4e-5 epochs=30", {update_too_low}},
      {"rate 1e-4, classic", "digits", "preset=classic learning_rate=1e-4 epochs=10", {update_too_low}},
      // Dead units: the rate has killed them.
      {"dead relus", "iris", "activation=relu hidden=10,10 learning_rate=0.5 epochs=20", {dead, update_too_high}, true},
      {"dead relus of a number", "wave", "activation=relu learning_rate=2", {dead, update_too_high}},
      // Exploding starts.
      {"relu from N(0, 1)",
       "iris",
       "hidden=30,30,30,30 activation=relu initial_weights=normal epochs=10",
       {start_too_large},
       true},
      {"relu from N(0, 1), digits",
       "digits",
       "hidden=60,60,60 activation=relu initial_weights=normal epochs=3",
       {start_too_large}},
      {"silu from N(0, 1)", "wave", "hidden=64,64,64,64 initial_weights=normal epochs=10", {start_too_large}},
      // Saturated units.
      {"tanh from N(0, 1)",
       "digits",
       "activation=tanh hidden=100,100,100 initial_weights=normal epochs=5",
       {saturated, start_too_large},
       true},
      {"tanh from N(0, 1), a number",
       "wave",
       "activation=tanh hidden=200,200,200 initial_weights=normal epochs=10",
       {saturated, start_too_large}},
      // Inputs that are not scaled.
      {"raw inputs", "large", "scaling=none", {inputs_not_scaled}, true},
      {"raw inputs, tanh", "large", "scaling=none activation=tanh", {inputs_not_scaled}},
      {"raw inputs, classic", "large", "scaling=none preset=classic", {inputs_not_scaled}},
      {"small inputs", "small", "scaling=none optimizer=sgd learning_rate=0.05 epochs=30", {inputs_not_scaled}},
      {"raw inputs and a high rate", "large", "scaling=none learning_rate=2", {inputs_not_scaled}},
      // Nothing to learn from.
      {"constant inputs", "constant", "", {inputs_constant}, true},
      {"noise", "noise", "epochs=5", {loss_not_better}},
      // Options that stop learning.
      {"clipped", "iris", "optimizer=sgd clip_norm=1e-6", {option_harmful}, true},
      {"decayed", "iris", "weight_decay=10", {option_harmful}},
      {"decayed, digits", "digits", "weight_decay=3 epochs=10", {option_harmful}},
      {"dropped", "digits", "dropout=0.99 epochs=10", {option_harmful}},
      {"a large epsilon", "iris", "epsilon=1e4", {option_harmful}},
      {"frozen", "iris", "weight_multiplier=0 bias_multiplier=0", {option_harmful}},
      {"smoothed", "iris", "label_smoothing=0.98", {option_harmful}},
      {"an endless warm-up", "iris", "warmup_epochs=1e6", {option_harmful}},
      {"one epoch", "iris", "epochs=1", {option_harmful}},
      {"no bend", "xor", "activation=identity", {option_harmful}},
      {"no hidden layer", "xor", "hidden=none", {option_harmful}},
      // A class that is too rare.
      {"a rare class", "rare", "hidden=4 epochs=5", {class_never_predicted, option_harmful}},
  };
}

/// At least thirty that are healthy, some of them on tables from which little can be learned.
inline std::vector<Trained> healthy_nets() {
  return {
      {"fast", "iris", "", {}, true},
      {"tabular", "iris", "preset=tabular", {}, true},
      {"classic", "iris", "preset=classic", {}, true},
      {"elu", "iris", "activation=elu hidden=32,32"},
      {"sigmoid", "iris", "activation=sigmoid hidden=32"},
      {"selu", "iris", "activation=selu hidden=32,32"},
      {"rprop", "iris", "optimizer=rprop activation=tanh hidden=8"},
      {"half of the epochs", "iris", "epochs=50 dropout=0.1"},
      {"digits", "digits", "epochs=20", {}, true},
      {"digits, relu", "digits", "activation=relu epochs=20"},
      {"digits, three relu layers", "digits", "activation=relu hidden=64,64,64 epochs=30"},
      {"digits, tanh", "digits", "activation=tanh epochs=20"},
      {"digits, dropout", "digits", "activation=relu hidden=256 dropout=0.5 epochs=10"},
      {"the article's network", "digits", "preset=classic seed=3"},
      {"the article's network, cross-entropy", "digits",
       "preset=classic output_activation=identity loss=sigmoid_cross_entropy"},
      {"the tutorial's deep network", "digits",
       "preset=classic hidden=30,30,30,30,30 activation=relu output_activation=identity loss=softmax_cross_entropy "
       "initial_biases=zero initial_weights=auto learning_rate=0.1 validation_split=0.2"},
      {"price", "price", "", {}, true},
      {"price, tabular", "price", "preset=tabular"},
      {"price, classic", "price", "preset=classic"},
      {"wave", "wave", "", {}, true},
      {"wave, tabular", "wave", "preset=tabular"},
      {"wave, tanh", "wave", "activation=tanh hidden=50,50"},
      {"wave, relu", "wave", "activation=relu hidden=100"},
      {"wave, momentum", "wave", "optimizer=momentum learning_rate=0.01 activation=tanh"},
      {"wave, sgd", "wave", "optimizer=sgd learning_rate=0.05"},
      {"wave, early stopping", "wave", "patience=5 weight_decay=0.001"},
      {"xor", "xor", "", {}, true},
      {"xor, tabular", "xor", "preset=tabular"},
      {"xor, relu", "xor", "activation=relu hidden=200,200"},
      {"xor, sigmoid", "xor", "activation=sigmoid learning_rate=0.05"},
      {"large inputs, scaled", "large", ""},
      {"large inputs, tabular", "large", "preset=tabular"},
      {"small inputs, scaled", "small", "preset=tabular epochs=30"},
      {"tiny numbers, scaled", "tiny", "preset=tabular epochs=30"},
  };
}

/// What remains of the baseline's loss on the validation rows after a training.
inline double remaining_on_validation(const Table& table, const FitOptions& options, Model& model) {
  const FitPlan plan = plan_fit(table, options);
  const FitData data = encode_fit(plan, table);
  FitResult result = fit(plan, data, options);
  model = std::move(result.model);
  const Selection rows = data.validation_rows();
  const double minimum = minimum_loss(plan.loss, rows);
  return (metric(result.validation, "loss") - minimum) / (baseline_loss(plan.loss, rows) - minimum);
}

inline void expect_diagnosed_and_healed(const Trained& one) {
  SCOPED_TRACE(one.name);
  const Table table = table_for(one);
  const Model model = fit(table, options_for(one)).model;
  const std::vector<Finding> findings = diagnose(model, table).findings;
  if (findings.empty()) {
    ADD_FAILURE() << "no finding";
    return;
  }
  const Finding& first = findings.front();
  EXPECT_NE(std::ranges::find(one.causes, first.kind), one.causes.end())
      << finding_name(first.kind) << ": " << first.problem.text() << "\n"
      << first.advice.text();
  EXPECT_FALSE(first.problem.empty() || first.advice.empty());
  if (first.kind == FindingKind::inputs_constant || first.kind == FindingKind::loss_not_better) return;
  ASSERT_EQ(first.remedies.size(), 1u) << "a remedy that was tried";
  EXPECT_LT(first.after_remedy, 1);
  Model healed;
  EXPECT_LT(remaining_on_validation(table, options_with(model, first.remedies.front()), healed), 1)
      << first.advice.text();
  for (const Finding& finding : diagnose(healed, table).findings)
    EXPECT_NE(finding.kind, first.kind) << "is there still after: " << first.advice.text();
}

inline void expect_healthy(const Trained& one) {
  SCOPED_TRACE(one.name);
  const Table table = table_for(one);
  for (const Finding& finding : diagnose(fit(table, options_for(one)).model, table).findings)
    ADD_FAILURE() << finding_name(finding.kind) << ": " << finding.problem.text() << "\n" << finding.advice.text();
}

}  // namespace chainrule::testing
