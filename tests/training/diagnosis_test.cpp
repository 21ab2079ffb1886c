// SPDX-License-Identifier: Apache-2.0
// Each bound from both sides, on synthetic numbers; and the page that lists the bounds.
#include "chainrule/training/diagnosis/findings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "chainrule/base/text.h"
#include "chainrule/training/options/option_table.h"
#include "tests/support/findings.h"

namespace chainrule::diagnosis_test {
namespace {

using testing::Kinds;
using testing::kinds_of;
using testing::words_of;
using enum FindingKind;

// 3 -> 4 sigmoid -> 5 relu -> 2 sigmoid, healthy.
Examination healthy() {
  Examination e;
  e.architecture.inputs = 3;
  for (const auto& [units, activation] :
       {std::pair(4, ActivationKind::sigmoid), {5, ActivationKind::relu}, {2, ActivationKind::sigmoid}}) {
    Layer layer;
    layer.outputs = static_cast<std::size_t>(units);
    layer.activation = activation;
    e.architecture.layers.push_back(layer);
  }
  LayerHealth layer;
  layer.saturated = 0.3;
  layer.dead = 0.1;
  layer.weights = {5, 0.01, 1e-3};
  layer.biases = {0, 0.01, NAN};
  e.layers.assign(4, layer);
  e.layers[0].saturated = e.layers[0].dead = NAN;
  e.layers[3].weights = e.layers[3].biases = {};
  e.inputs = {{"x", 0, 1}, {"y", 0.2, 0.8}, {"z", 0, 0}};  // z is constant
  e.classes = {{"no", 60, 50}, {"yes", 40, 50}};
  e.rows = 100;
  e.batch_size = 10;
  e.options.train.learning_rate = 0.01;
  e.options.activation = e.options.output_activation = ActivationKind::sigmoid;
  e.loss = 0.2;
  e.baseline_loss = 0.67;
  return e;
}

// A number as target, with this mean and deviation; what remains of the baseline's loss does not change.
void make_regression(Examination& e, double mean, double deviation) {
  e.classes.clear();
  e.options.data.target_scaling = Scaling::none;
  e.outputs = {{"", mean - deviation, mean + deviation, mean, deviation, 0, 100, 0, 0}};
}

struct Case {
  const char* about;
  Kinds expected;
  std::size_t layer;
  std::function<void(Examination&)> make, nearly;  // the defect, and a case just below it
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"a large input",
       {inputs_not_scaled},
       1,
       [](auto& e) { e.inputs[1].mean = -10.1; },
       [](auto& e) { e.inputs[1].mean = -9.9; }},
      {"small inputs",
       {inputs_not_scaled},
       1,
       [](auto& e) {
         e.inputs = {{"", 0, 0.09}, {"", 0, 0.09}};
       },
       [](auto& e) {
         e.inputs = {{"", 0, 0.11}, {"", 0, 0.11}};
       }},
      {"an input that hardly varies",
       {inputs_not_scaled},
       1,
       [](auto& e) { e.inputs[1].deviation = 0.009; },
       [](auto& e) { e.inputs[1].deviation = 0.011; }},
      {"a saturated sigmoid",
       {saturated},
       2,
       [](auto& e) { e.layers[1].saturated = 0.81; },
       [](auto& e) { e.layers[1].saturated = 0.79; }},
      {"saturated outputs of no use",
       {saturated, loss_not_better},
       4,
       [](auto& e) { e.layers[3].saturated = 0.91, e.loss = 0.67; },
       [](auto& e) { e.layers[3].saturated = 0.91; }},
      {"dead units", {dead}, 3, [](auto& e) { e.layers[2].dead = 0.41; }, [](auto& e) { e.layers[2].dead = 0.39; }},
      {"a vanishing gradient",
       {gradient_vanishing},
       1,
       [](auto& e) { e.loss = 0.4, e.layers[0].weights.gradient_norm = 4.9e-5; },
       [](auto& e) { e.loss = 0.4, e.layers[0].weights.gradient_norm = 5.1e-5; }},
      {"a gradient that vanished at the start",
       {gradient_vanishing},
       1,
       [](auto& e) { e.loss = 0.4, e.start_layers = e.layers, e.start_layers[0].weights.gradient_norm = 4.9e-5; },
       [](auto& e) { e.loss = 0.3, e.start_layers = e.layers, e.start_layers[0].weights.gradient_norm = 4.9e-5; }},
      {"large updates",
       {update_too_high},
       2,
       [](auto& e) { e.layers[1].weights.update_ratio = 0.11; },
       [](auto& e) { e.layers[1].weights.update_ratio = 0.09; }},
      {"large updates of outputs that did not start at 0",
       {update_too_high},
       3,
       [](auto& e) { e.layers[2].weights.update_ratio = 0.11; },
       [](auto& e) { e.layers[2].weights.update_ratio = 0.11, e.options.zero_output = true; }},
      {"small updates",
       {update_too_low},
       1,
       [](auto& e) {
         e.loss = 0.5;
         for (std::size_t l = 0; l < 3; ++l) e.layers[l].weights.update_ratio = 0.9e-4;
       },
       [](auto& e) {
         e.loss = 0.5;
         for (std::size_t l = 0; l < 3; ++l) e.layers[l].weights.update_ratio = 1.1e-4;
       }},
      {"small updates of what has not learned",
       {update_too_low},
       1,
       [](auto& e) {
         e.loss = 0.34;
         for (std::size_t l = 0; l < 3; ++l) e.layers[l].weights.update_ratio = 1e-6;
       },
       [](auto& e) {
         e.loss = 0.33;
         for (std::size_t l = 0; l < 3; ++l) e.layers[l].weights.update_ratio = 1e-6;
       }},
      {"a class that is never predicted",
       {class_never_predicted},
       0,
       [](auto& e) {
         e.classes[1] = {"yes", 20, 0};
       },
       [](auto& e) {
         e.classes[1] = {"yes", 19, 0};
       }},
      {"a class that is not there",
       {class_never_predicted},
       0,
       [](auto& e) {
         e.classes[1] = {"yes", 40, 0};
       },
       [](auto& e) {
         e.classes[1] = {"yes", 0, 0};
       }},
      {"a loss that is no better",
       {loss_not_better},
       0,
       [](auto& e) { e.loss = 0.66; },
       [](auto& e) { e.loss = 0.65; }},
      {"a worse loss than nothing, below zero",
       {loss_not_better},
       0,
       [](auto& e) { e.minimum_loss = -9, e.baseline_loss = -5, e.loss = -5.07; },
       [](auto& e) { e.minimum_loss = -9, e.baseline_loss = -5, e.loss = -5.09; }},
      {"a rare class that is never predicted, in many rows",
       {class_never_predicted},
       0,
       [](auto& e) {
         e.rows = 2000, e.classes[1] = {"yes", 20, 0};
       },
       [](auto& e) {
         e.rows = 2001, e.classes[1] = {"yes", 20, 0};
       }},
      {"inputs that do not vary",
       {inputs_constant},
       1,
       [](auto& e) {
         for (InputHealth& input : e.inputs) input.deviation = 0;
       },
       [](auto& e) { e.inputs[0].deviation = e.inputs[2].deviation = 0; }},
      {"targets that a sigmoid does not reach",
       {targets_out_of_reach},
       4,
       [](auto& e) { make_regression(e, 0.6, 0.2), e.outputs[0].out_of_reach = 6; },
       [](auto& e) { make_regression(e, 0.6, 0.2), e.outputs[0].out_of_reach = 5; }},
      {"large targets",
       {targets_not_scaled},
       4,
       [](auto& e) { make_regression(e, 8, 6.1), e.loss = 0.4; },
       [](auto& e) { make_regression(e, 8, 5.9), e.loss = 0.4; }},
      {"large targets that are learned",
       {targets_not_scaled},
       4,
       [](auto& e) { make_regression(e, 8, 6.1), e.loss = 0.34; },
       [](auto& e) { make_regression(e, 8, 6.1), e.loss = 0.33; }},
      {"targets that hardly vary",
       {targets_not_scaled},
       4,
       [](auto& e) { make_regression(e, 0, 0.009), e.loss = 0.4; },
       [](auto& e) { make_regression(e, 0, 0.011), e.loss = 0.4; }},
      {"an output that is stuck",
       {output_stuck},
       4,
       [](auto& e) {
         e.outputs = {{}, {"yes", 0, 1, 0.4, 0.5, 0, 40, 21, 1e-7}};
       },
       [](auto& e) {
         e.outputs = {{}, {"yes", 0, 1, 0.4, 0.5, 0, 40, 20, 1e-7}};
       }},
      {"an exploding start",
       {start_too_large},
       0,
       [](auto& e) { e.loss = 0.4, e.start_loss = 2.02, e.options.initial_weights = WeightScheme::normal; },
       [](auto& e) { e.loss = 0.4, e.start_loss = 2.00, e.options.initial_weights = WeightScheme::normal; }},
      {"a start that is as usual",
       {start_too_large},
       0,
       [](auto& e) { e.loss = 0.4, e.start_loss = 9, e.options.initial_weights = WeightScheme::normal; },
       [](auto& e) { e.loss = 0.4, e.start_loss = 9; }},
      {"large updates at the start",
       {update_too_high},
       2,
       [](auto& e) { e.start_layers = e.layers, e.start_layers[1].weights.update_ratio = 0.11; },
       [](auto& e) { e.start_layers = e.layers, e.start_layers[1].weights.update_ratio = 0.09; }},
      {"a loss that rose",
       {update_too_high, loss_not_better},
       0,
       [](auto& e) { e.start_loss = 0.7, e.loss = 1.06; },
       [](auto& e) { e.start_loss = 0.7, e.loss = 0.6; }},
      {"dead units in a network that has learned",
       {dead},
       3,
       [](auto& e) { e.loss = 0.068, e.layers[2].dead = 1; },
       [](auto& e) { e.loss = 0.066, e.layers[2].dead = 1; }},
      {"dead units alone, not what follows from them",
       {dead},
       3,
       [](auto& e) {
         e.layers[2].dead = 1;
         e.layers[0].weights = e.layers[1].weights = {5, 0, 0};
       },
       [](auto&) {}},
  };
  return all;
}

TEST(Diagnosis, EachBoundFromBothSides) {
  EXPECT_EQ(kinds_of(diagnose(healthy())), Kinds{});
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.about);
    Examination defect = healthy(), control = healthy();
    one.make(defect);
    one.nearly(control);
    const std::vector<Finding> findings = diagnose(defect);
    EXPECT_EQ(kinds_of(findings), one.expected) << words_of(findings);
    EXPECT_EQ(kinds_of(diagnose(control)), Kinds{}) << words_of(diagnose(control));
    if (!findings.empty()) {
      EXPECT_EQ(findings[0].layer, one.layer);
    }
  }
}

TEST(Diagnosis, PutsTheNumbersIntoSentences) {
  Examination e = healthy();
  e.layers[1].saturated = 0.934;
  e.classes = {{"no", 60, 100}, {"yes", 40, 0}};
  const std::vector<Finding> findings = diagnose(e);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].value, 0.934);
  EXPECT_EQ(findings[0].bound, kSaturatedTooMany);
  EXPECT_EQ(findings[0].problem.text().find("layer 2 (sigmoid): 93.4 % of its values are saturated"), 0u);
  EXPECT_NE(findings[0].problem.text().find("more than 80 % is too many"), std::string::npos);
  EXPECT_EQ(findings[1].problem.text(), "1 of 2 classes is never predicted, though rows have it: \"yes\" (40 rows)");
}

TEST(Diagnosis, LayersThatShallNotMoveAreNotBlamed) {
  Examination e = healthy();
  e.loss = 0.6;
  for (std::size_t l = 0; l < 3; ++l) {
    e.layers[l].weights.update_ratio = 0;
    e.architecture.layers[l].weight_multiplier = 0;
  }
  EXPECT_EQ(kinds_of(diagnose(e)), Kinds{});
  e.architecture.layers[2].weight_multiplier = 1;
  EXPECT_EQ(kinds_of(diagnose(e)), Kinds{update_too_low});
}

TEST(Diagnosis, AdviceIsForARareClassOnly) {
  Examination e = healthy();
  e.classes = {{"no", 60, 100}, {"yes", 40, 0}};
  EXPECT_TRUE(diagnose(e)[0].remedies.empty()) << "the classes are balanced";
  e.classes = {{"no", 75, 100}, {"yes", 25, 0}};
  EXPECT_EQ(diagnose(e)[0].advice.text(), "train again with class_weight=balanced");
  e.options.class_weight = "balanced";
  EXPECT_TRUE(diagnose(e)[0].remedies.empty()) << "it is so already";
}

// Whatever the network, the options and values of each advice exist, and change the options.
TEST(Diagnosis, AdviceNamesOptionsThatExist) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.about);
    Examination e = healthy();
    one.make(e);
    for (const Finding& finding : diagnose(e))
      for (const Remedy& remedy : finding.remedies)
        for (const NamedOption& named : remedy) {
          const Option* const option = find_option(named.key);
          ASSERT_NE(option, nullptr) << named.key;
          FitOptions options = e.options;
          const std::string before = option->get(options);
          EXPECT_EQ(option->set(options, named.value), "") << named.key << " " << named.value;
          EXPECT_NE(option->get(options), before) << named.key;
        }
  }
}

TEST(Diagnosis, OfANetworkThatIsBetterThanTheBaselineOnlyOutputsAreCertain) {
  Examination e = healthy();
  e.layers[2].dead = 1;
  e.classes[1].predicted = 0;
  EXPECT_EQ(kinds_of(certain_findings(e)), Kinds{class_never_predicted});
  e.loss = 0.67;
  EXPECT_EQ(kinds_of(certain_findings(e)), (Kinds{dead, class_never_predicted, loss_not_better}));
}

TEST(Diagnosis, BoundsAreThoseOfThePage) {
  const std::vector<std::pair<FindingKind, double>> bounds = {{inputs_constant, 1},
                                                              {training_differs, 0.6},
                                                              {inputs_not_scaled, kLargeInput},
                                                              {inputs_not_scaled, kSmallInputs},
                                                              {inputs_not_scaled, kSmallInput},
                                                              {targets_out_of_reach, kOutOfReach},
                                                              {targets_not_scaled, kLargeTarget},
                                                              {targets_not_scaled, kSmallTarget},
                                                              {start_too_large, kFarStart},
                                                              {output_stuck, kStuckTooMany},
                                                              {saturated, kSaturatedTooMany},
                                                              {dead, kDeadTooMany},
                                                              {gradient_vanishing, kVanishing},
                                                              {update_too_high, kUpdateTooHigh},
                                                              {option_harmful, kNoBetter},
                                                              {update_too_low, kUpdateTooLow},
                                                              {class_never_predicted, double{kRowsThatTell}},
                                                              {loss_not_better, kNoBetter}};
  std::ifstream page(CHAINRULE_SOURCE_DIR "/docs/health.md");
  std::vector<std::string> rows;
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("| `")) rows.push_back(line);
  ASSERT_EQ(rows.size(), bounds.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].find("| `" + std::string(finding_name(bounds[i].first)) + "` |"), 0u) << rows[i];
    EXPECT_NE(rows[i].find(" | " + number_text(bounds[i].second) + " | "), std::string::npos) << rows[i];
  }
}

}  // namespace
}  // namespace chainrule::diagnosis_test
