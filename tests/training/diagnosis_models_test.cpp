// SPDX-License-Identifier: Apache-2.0
// Each finding for a trained network with exactly that defect, and none for healthy networks; the numbers behind them.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/training/diagnosis/findings.h"
#include "chainrule/training/fit.h"
#include "tests/support/findings.h"
#include "tests/support/real_tables.h"
#include "tests/support/toy_data.h"

namespace chainrule::diagnosis_models_test {
namespace {

using testing::Kinds;
using testing::kinds_of;
using testing::load;
using testing::words_of;
using enum FindingKind;

std::vector<Finding> findings_of(const Model& model, const Table& table) {
  return diagnose(examine(model, encode(model.encoder, table, true)));
}

FitOptions small() {
  FitOptions options;
  options.hidden = {16, 16};
  options.train.epochs = 40;
  options.train.learning_rate = 0.01;
  return options;
}

TEST(Diagnosis, HealthyModelsHaveNoFinding) {
  FitOptions demo;
  demo.hidden = {64};
  FitOptions tabular;
  apply_preset(tabular, "tabular");
  for (const auto& [file, options] :
       {std::pair("digits.csv", demo), {"iris.csv", FitOptions()}, {"iris.csv", tabular}}) {
    const Table table = load(file);
    const Model model = fit(table, options).model;
    const std::string sum = weights_sha256(model.network);
    const std::vector<Finding> findings = findings_of(model, table);
    EXPECT_TRUE(findings.empty()) << file << ": " << words_of(findings);
    EXPECT_EQ(weights_sha256(model.network), sum) << "nothing is changed";
  }
}

TEST(Diagnosis, HealthyModelsOfEveryActivationHaveNoFinding) {
  const Table table = load("iris.csv");
  for (const std::string& name : activation_names()) {
    FitOptions options = small();
    options.activation = activation_from_name(name);
    const std::vector<Finding> findings = findings_of(fit(table, options).model, table);
    EXPECT_TRUE(findings.empty()) << name << ": " << words_of(findings);
  }
}

TEST(Diagnosis, FindsSaturatedSigmoids) {
  const Table table = load("iris.csv");
  for (const char* const name : {"sigmoid", "tanh"}) {
    FitOptions options = small();
    options.activation = activation_from_name(name);
    Model model = fit(table, options).model;
    EXPECT_TRUE(findings_of(model, table).empty());
    for (const std::size_t layer : {0, 1})
      for (float& w : model.network.parameters.weights(layer).flat()) w *= 50;
    std::vector<Finding> findings = findings_of(model, table);
    std::erase_if(findings, [](const Finding& f) { return f.kind != saturated; });
    ASSERT_EQ(findings.size(), 2u) << name;
    EXPECT_EQ(findings[0].layer, 2u);
    EXPECT_EQ(findings[1].layer, 3u);
  }
}

TEST(Diagnosis, FindsDeadUnits) {
  const Table table = load("iris.csv");
  FitOptions options = small();
  options.activation = ActivationKind::relu;
  Model model = fit(table, options).model;
  EXPECT_TRUE(findings_of(model, table).empty());
  for (float& b : model.network.parameters.biases(1)) b = -100;
  const std::vector<Finding> findings = findings_of(model, table);
  EXPECT_EQ(kinds_of(findings), (Kinds{dead, class_never_predicted, loss_not_better})) << words_of(findings);
  EXPECT_EQ(findings[0].layer, 3u);
  EXPECT_EQ(findings[0].value, 1);
  EXPECT_EQ(findings[1].value, 2) << "two of three classes";
}

TEST(Diagnosis, FindsInputsThatAreNotScaled) {
  Table table = load("iris.csv");
  FitOptions options = small();
  for (const double factor : {1.0, 1e3, 1e-3}) {
    Table scaled = table;
    for (std::size_t c = 0; c < 4; ++c)
      for (double& x : scaled.columns[c].numbers) x *= factor;
    options.data.scaling = Scaling::standard;
    EXPECT_TRUE(findings_of(fit(scaled, options).model, scaled).empty()) << factor;
    options.data.scaling = Scaling::none;
    const std::vector<Finding> findings = findings_of(fit(scaled, options).model, scaled);
    if (factor == 1)
      EXPECT_TRUE(findings.empty()) << "centimetres are near enough to 1: " << words_of(findings);
    else
      EXPECT_EQ(findings.at(0).kind, inputs_not_scaled) << factor;
  }
}

TEST(Diagnosis, FindsUpdatesThatAreTooLargeOrTooSmall) {
  const Table table = load("iris.csv");
  FitOptions options = small();
  options.train.optimizer = Sgd{};
  options.train.epochs = 1;
  options.train.learning_rate = 1e-6;
  std::vector<Finding> findings = findings_of(fit(table, options).model, table);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, update_too_low) << words_of(findings);
  EXPECT_LT(findings[0].value, kUpdateTooLow);

  options.train.optimizer = Adam{};
  options.train.learning_rate = 0.3;
  options.train.epochs = 5;
  findings = findings_of(fit(table, options).model, table);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, update_too_high) << words_of(findings);
  EXPECT_EQ(findings[0].advice.text().find("train again with learning_rate=0.0"), 0u) << findings[0].advice.text();
}

TEST(Diagnosis, FindsVanishingGradients) {
  const Table table = load("iris.csv");
  FitOptions options = small();
  options.activation = ActivationKind::sigmoid;
  options.hidden = std::vector<std::size_t>(8, 16);
  options.train.epochs = 1;
  options.train.optimizer = Sgd{};
  const std::vector<Finding> findings = findings_of(fit(table, options).model, table);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, gradient_vanishing) << words_of(findings);
  EXPECT_EQ(findings[0].layer, 1u);
}

TEST(Diagnosis, FindsAClassThatIsNeverPredicted) {
  const Table table = load("iris.csv");
  Model model = fit(table, small()).model;
  // Trained again on rows of one class, with a network that still has three.
  const Dataset data = encode(model.encoder, table, true);
  Selection one_class{&data, {}};
  for (std::size_t row = 0; row < data.rows(); ++row)
    if (data.targets.labels[row] == 1) one_class.rows.push_back(row);
  TrainOptions options = small().train;
  options.loss = model.loss;
  train(model.network, one_class, {}, options);
  model.provenance.configuration.clear();  // it is not how the model was trained
  const std::vector<Finding> findings = findings_of(model, table);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, class_never_predicted) << words_of(findings);
  EXPECT_EQ(findings[0].problem.text(),
            "1 of 3 classes is never predicted, though rows have it: \"virginica\" (50 rows)");
}

TEST(Diagnosis, FindsALossThatIsNoBetterThanTheBaseline) {
  Table table = load("iris.csv");
  const Stream chance{5, Purpose::test, 0, 0};
  for (std::size_t row = 0; row < table.rows; ++row)
    table.columns[4].codes[row] = static_cast<std::uint32_t>(3 * random_uniform(chance, row));
  FitOptions options = small();
  options.train.epochs = 1;
  options.train.learning_rate = 1e-4;
  const std::vector<Finding> findings = findings_of(fit(table, options).model, table);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings.back().kind, loss_not_better) << words_of(findings);
}

// -- the numbers behind findings -------------------------------------------------------------------------------------

TEST(Examination, TakesLossAndInputsAsTheyAre) {
  const Table table = load("iris.csv");
  FitOptions options = small();
  options.dropout = 0.3;
  options.train.batch_size = 40;
  const Model model = fit(table, options).model;
  const Dataset data = encode(model.encoder, table, true);
  const Examination e = examine(model, data);
  EXPECT_EQ(e.loss, find_metric(evaluate(model.network, model.loss, all_rows(data)), "loss")->value);
  EXPECT_EQ(e.rows, 150u);
  EXPECT_EQ(e.steps, 4u);
  EXPECT_EQ(e.batch_size, 40u);
  EXPECT_EQ(e.options.train.learning_rate, 0.01);
  ASSERT_EQ(e.inputs.size(), 4u);
  for (std::size_t j = 0; j < 4; ++j) {
    double mean = 0, squares = 0;
    for (const double x : table.columns[j].numbers) {
      const auto value = static_cast<double>(encode_number(model.encoder.inputs[j], x));
      mean += value / 150;
      squares += value * value / 150;
    }
    EXPECT_EQ(e.inputs[j].name, table.columns[j].name);
    EXPECT_NEAR(e.inputs[j].mean, mean, 1e-12);
    EXPECT_NEAR(e.inputs[j].deviation, std::sqrt(squares - mean * mean), 1e-12);
    EXPECT_NEAR(e.inputs[j].root_mean_square(), std::sqrt(squares), 1e-12);
  }
  std::size_t predicted = 0;
  for (const ClassHealth& one : e.classes) {
    EXPECT_EQ(one.rows, 50u);
    predicted += one.predicted;
  }
  EXPECT_EQ(predicted, 150u);
  EXPECT_NEAR(e.baseline_loss, std::log(3.0), 1e-6);
}

TEST(Examination, PutsTheWeightsBackAfterEachStep) {
  const Table table = load("iris.csv");
  FitOptions options = small();
  options.train.optimizer = Sgd{};  // no state: change = rate * gradient
  options.dropout = options.input_dropout = 0.3;
  Model model = fit(table, options).model;
  const Dataset data = encode(model.encoder, table, true);
  const std::vector<LayerHealth> layers = examine(model, data).layers;
  for (std::size_t l = 0; l < 3; ++l) {
    double squares = 0;
    for (const float w : model.network.parameters.weights(l).flat())
      squares += static_cast<double>(w) * static_cast<double>(w);
    const ParameterHealth& weights = layers[l].weights;
    EXPECT_NEAR(weights.norm, std::sqrt(squares), 1e-12 * weights.norm);
    // The change is a difference of floats: accurate to 2^-24 of the weights.
    EXPECT_NEAR(weights.update_ratio, 0.01 * weights.gradient_norm / weights.norm, 1e-7);
    EXPECT_GT(weights.update_ratio, 1e-5);
  }
  model.network.architecture.input_dropout = 0;
  for (Layer& layer : model.network.architecture.layers) layer.dropout = 0;
  const std::vector<LayerHealth> without = examine(model, data).layers;
  for (std::size_t l = 0; l < 4; ++l)
    EXPECT_EQ(layers[l].activation_mean, without[l].activation_mean) << "dropout is off";
}

TEST(Examination, NeedsRowsWithTargets) {
  const Table table = load("iris.csv");
  const Model model = fit(table, small()).model;
  try {
    examine(model, Dataset());
    ADD_FAILURE() << "no rows were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::input);
  }
}

// No other constant prediction is better: steps in all directions, small and large.
TEST(Examination, TheBaselineLossIsTheMinimumOfAConstant) {
  const Stream numbers{2, Purpose::test, 0, 0};
  for (const LossKind kind : {LossKind::half_squared_error, LossKind::absolute_error, LossKind::poisson,
                              LossKind::softmax_cross_entropy, LossKind::sigmoid_cross_entropy}) {
    for (const double smoothing : {0.0, 0.2}) {
      Loss loss(kind);
      const bool entropy = kind == LossKind::softmax_cross_entropy || kind == LossKind::sigmoid_cross_entropy;
      if (smoothing > 0 && !entropy) continue;
      loss.label_smoothing = smoothing;
      Dataset data;
      data.inputs = Features(Matrix(60, 1));
      if (entropy) {
        data.targets.classes = 3;
        for (std::size_t row = 0; row < 60; ++row)
          data.targets.labels.push_back(random_uniform(numbers, row) < 0.6 ? 0 : 1 + row % 2);
      } else {
        data.targets.values = Matrix(60, 3);
        for (std::size_t k = 0; k < 180; ++k)
          data.targets.values.flat()[k] = static_cast<float>(std::floor(5 * random_uniform(numbers, k)));
      }
      for (std::size_t row = 0; row < 60; ++row)
        data.weights.push_back(static_cast<float>(random_uniform(numbers, 500 + row)));
      const Selection rows = all_rows(data);
      const double minimum = baseline_loss(loss, rows);

      // A network without effective inputs: its biases are the constant prediction.
      Network network = testing::make_network(1, {}, ActivationKind::identity, 3, 1);
      double best = HUGE_VAL;
      for (std::size_t attempt = 0; attempt < 4000; ++attempt) {
        for (std::size_t k = 0; k < 3; ++k)
          network.parameters.biases(0)[k] =
              static_cast<float>(-4 + 8 * random_uniform(numbers, 1000 + 3 * attempt + k));
        best = std::min(best, find_metric(evaluate(network, loss, rows), "loss")->value);
      }
      EXPECT_LE(minimum, best + 1e-6) << loss_name(loss) << smoothing;
      EXPECT_NEAR(minimum, best, 0.1 * std::abs(best)) << loss_name(loss) << smoothing << ": it can be had";
    }
  }
}

}  // namespace
}  // namespace chainrule::diagnosis_models_test
