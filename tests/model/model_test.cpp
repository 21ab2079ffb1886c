// SPDX-License-Identifier: Apache-2.0
// Consistency of a model, its hash, and predictions from raw numbers.
#include "chainrule/model/model.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/model/fingerprint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <thread>

#include "chainrule/base/error.h"
#include "chainrule/base/sha256.h"
#include "chainrule/training/train.h"
#include "tests/support/allocations.h"
#include "tests/support/model_samples.h"

namespace chainrule::model_test {
namespace {

TEST(Sha256, KnownSums) {  // FIPS 180-4's examples
  EXPECT_EQ(Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  Sha256 sum;
  sum.add(std::as_bytes(std::span(text).first(5)));
  sum.add(std::as_bytes(std::span(text).subspan(5)));
  EXPECT_EQ(sum.hex(), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(WeightsSha256, IsOfLittleEndianFloats) {
  Network network(Architecture{1, 0, {Layer{1, ActivationKind::identity}}});
  set_rows(network.parameters, std::vector<float>{1, -2});
  const std::string bytes("\x00\x00\x80\x3F\x00\x00\x00\xC0", 8);
  Sha256 sum;
  sum.add(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(weights_sha256(network), sum.hex());
  Network wide(Architecture{2000, 0, {Layer{3, ActivationKind::identity}}});
  const std::string zeros = weights_sha256(wide);
  wide.parameters.biases(0).back() = 1;
  EXPECT_NE(weights_sha256(wide), zeros);
}

TEST(Validate, NamesWhatDoesNotFit) {
  const auto expect = [](const std::string& expected, const std::function<void(Model&)>& spoil,
                         const Model& good = model_samples::classes_model()) {
    validate(good);
    Model model = good;
    spoil(model);
    try {
      validate(model);
      ADD_FAILURE() << "accepted: " << expected;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  };
  const double infinity = std::numeric_limits<double>::infinity();
  expect("inputs of the network: expected 2, found 3",
         [](Model& m) { m.encoder.inputs.pop_back(), m.encoder.input_columns.pop_back(); });
  expect("outputs of the network: expected 3, found 2", [](Model& m) { m.encoder.labels.push_back("maybe"); });
  expect("label 2: \"yes\\x0a\" occurs twice", [](Model& m) { m.encoder.labels[1] = m.encoder.labels[0]; });
  expect("label 1: expected a text, found an empty one", [](Model& m) { m.encoder.labels[0] = ""; });
  expect("scale of input 1", [](Model& m) { m.encoder.inputs[0].scale = -1; });
  expect("scale of input 3", [&](Model& m) { m.encoder.inputs[2].scale = infinity; });
  expect("shift of input 2", [&](Model& m) { m.encoder.inputs[1].shift = -infinity; });
  expect("column numbers of the inputs: expected 3, found 2", [](Model& m) { m.encoder.input_columns.pop_back(); });
  expect("column number of input 1: expected 1 to 5, found 0", [](Model& m) { m.encoder.input_columns[0] = 0; });
  expect("column number of input 1: column 2 occurs twice", [](Model& m) { m.encoder.input_columns[0] = 2; });
  expect("column number of the target: expected 1 to 5, found 6", [](Model& m) { m.encoder.target_column = 6; });
  expect("column number of the sample weights: expected 1 to 5, found 0",
         [](Model& m) { m.encoder.weight_column = 0; });
  expect("inputs: expected images or columns, found both",
         [](Model& m) { m.encoder.image_height = 3, m.encoder.image_width = 1; });
  expect("tensor \"0.bias\": element 3: expected a finite number, found -inf",
         [&](Model& m) { m.network.parameters.biases(0)[3] = static_cast<float>(-infinity); });
  expect("huber_delta", [](Model& m) { m.loss.huber_delta = 0; });
  expect("label_smoothing", [](Model& m) { m.loss.label_smoothing = 1; });
  expect("inputs of a layer: expected 4, found 3", [](Model& m) { m.network.architecture.inputs = 4; });
  expect("blocks of weights and biases: expected 4, found 0", [](Model& m) { m.network.parameters = Parameters(); });
  expect(
      "scale of the target", [](Model& m) { m.encoder.target_scale = 0; }, model_samples::number_model());
  expect(
      "labels of a numeric target: expected 0, found 1", [](Model& m) { m.encoder.labels = {"a"}; },
      model_samples::number_model());
  expect(
      "image height x width", [](Model& m) { m.encoder.image_height = m.encoder.image_width = std::size_t{1} << 40; },
      model_samples::image_model());
}

MatrixOf<double> predictions_of(const Model& model, const MatrixOf<double>& rows, std::size_t max_rows = 64) {
  MatrixOf<double> predictions(rows.rows(), model.encoder.outputs());
  Predictor(model, max_rows).predict(rows.view(), predictions.view());
  return predictions;
}

MatrixOf<double> some_rows(std::size_t rows, std::size_t columns) {
  MatrixOf<double> values(rows, columns);
  for (std::size_t k = 0; k < values.flat().size(); ++k) values.flat()[k] = static_cast<double>(k * 29 % 17);
  return values;
}

TEST(Predictor, PredictsInTheTargetsUnit) {  // by hand: relu((x - shift) / scale) through one hidden unit
  Model model;
  model.network = Network(Architecture{2, 0, {Layer{1, ActivationKind::relu}, Layer{1, ActivationKind::identity}}});
  const float parameters[] = {1, -2, 3, 0.5f, -0.25f};  // W1, W2, b1, b2
  set_rows(model.network.parameters, parameters);
  Encoder& encoder = model.encoder;
  encoder.inputs = {{"a", 10, 4, false}, {"b", 7, 1, true}};
  encoder.input_columns = {1, 2};
  encoder.target_column = encoder.training_columns = 3;
  encoder.task = Task::number;
  encoder.target_shift = 100;
  encoder.target_scale = 8;
  MatrixOf<double> rows(2, 2);
  rows(0, 0) = 18;  // 2 when scaled; z = 2 + 0.5; b is constant: always 0
  rows(0, 1) = 1e9;
  rows(1, 0) = -10;  // -5: relu gives 0
  const MatrixOf<double> predictions = predictions_of(model, rows);
  EXPECT_EQ(predictions(0, 0), 100 + 8 * (3 * 2.5 - 0.25));
  EXPECT_EQ(predictions(1, 0), 100 + 8 * -0.25);
  model.loss = LossKind::poisson;
  EXPECT_NEAR(predictions_of(model, rows)(1, 0), 100 + 8 * std::exp(-0.25), 1e-5);
}

TEST(Predictor, ScoresAreADistribution) {
  for (const LossKind kind : {LossKind::softmax_cross_entropy, LossKind::sigmoid_cross_entropy,
                              LossKind::half_squared_error, LossKind::poisson}) {
    Model model = model_samples::classes_model();
    model.loss.kind = kind;
    const MatrixOf<double> predictions = predictions_of(model, some_rows(30, 3));
    for (std::size_t i = 0; i < predictions.rows(); ++i) {
      EXPECT_NEAR(predictions(i, 0) + predictions(i, 1), 1, 1e-6);
      EXPECT_GE(std::min(predictions(i, 0), predictions(i, 1)), 0);
    }
  }
}

TEST(Predictor, ClipsAndDividesWhatIsNoDistribution) {
  Model model = model_samples::classes_model();
  model.loss = LossKind::half_squared_error;
  model.network.architecture.layers[0].activation = ActivationKind::identity;
  const auto scores = [&](float first, float second) {
    std::fill(model.network.parameters.flat().begin(), model.network.parameters.flat().end(), 0.0f);
    model.network.parameters.biases(1)[0] = first;
    model.network.parameters.biases(1)[1] = second;
    const MatrixOf<double> predictions = predictions_of(model, some_rows(1, 3));
    return std::pair(predictions(0, 0), predictions(0, 1));
  };
  EXPECT_EQ(scores(0.5f, 1.5f), std::pair(0.25, 0.75));
  EXPECT_EQ(scores(-3, 2), std::pair(0.0, 1.0));
  EXPECT_EQ(scores(-3, 0), std::pair(0.5, 0.5));
}

TEST(Predictor, PixelsAreFractionsOf255) {
  const Model model = model_samples::image_model();
  MatrixOf<double> rows(1, 6);
  for (std::size_t j = 0; j < 6; ++j) rows(0, j) = static_cast<double>(51 * j);
  const MatrixOf<double> predictions = predictions_of(model, rows);
  std::vector<double> a;
  for (std::size_t k = 0; k < 3; ++k) {
    double z = model.network.parameters.biases(0)[k];
    for (std::size_t j = 0; j < 6; ++j) z += model.network.parameters.weights(0)(k, j) * 0.2 * static_cast<double>(j);
    a.push_back(1 / (1 + std::exp(-z)));
  }
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(predictions(0, k), a[k] / (a[0] + a[1] + a[2]), 1e-6);
}

TEST(Predictor, BlocksDoNotChangeTheBits) {
  const Model model = model_samples::classes_model();
  const MatrixOf<double> rows = some_rows(67, 3), whole = predictions_of(model, rows);
  for (const std::size_t max_rows : {0UL, 1UL, 2UL, 66UL, 67UL, 500UL}) {
    const MatrixOf<double> predictions = predictions_of(model, rows, max_rows);
    EXPECT_TRUE(std::equal(whole.flat().begin(), whole.flat().end(), predictions.flat().begin())) << max_rows;
  }
}

TEST(Predictor, AllocatesNothing) {
  const Model model = model_samples::classes_model();
  const MatrixOf<double> rows = some_rows(200, 3);
  MatrixOf<double> predictions(200, 2);
  Predictor predictor(model);
  const std::size_t before = allocations;
  predictor.predict(rows.view(), predictions.view());
  EXPECT_EQ(allocations, before);
  EXPECT_GT(predictions(199, 0), 0);
}

TEST(Predictor, ManyThreadsOneModel) {
  const Model model = model_samples::classes_model();
  const MatrixOf<double> rows = some_rows(100, 3), whole = predictions_of(model, rows);
  std::vector<MatrixOf<double>> predictions(4);
  std::vector<std::thread> threads;
  for (MatrixOf<double>& mine : predictions)
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) mine = predictions_of(model, rows, 7);
    });
  for (std::thread& thread : threads) thread.join();
  for (const MatrixOf<double>& mine : predictions)
    EXPECT_TRUE(std::equal(whole.flat().begin(), whole.flat().end(), mine.flat().begin()));
}

TEST(Predictor, PredictsGapsAndCategoriesAsTheTableDoes) {
  const Model model = model_samples::mixed_model();
  const double gap = std::numeric_limits<double>::quiet_NaN();
  MatrixOf<double> rows(4, 2), predictions(4, 1);
  rows(0, 0) = 7, rows(0, 1) = 1;    // the second category
  rows(1, 0) = gap, rows(1, 1) = 0;  // missing, missing
  rows(2, 0) = 7, rows(2, 1) = gap;  // a new value ...
  rows(3, 0) = 7, rows(3, 1) = 2;    // ... in any form
  Predictor(model).predict(rows.view(), predictions.view());
  const float seven = encode_number(model.encoder.inputs[0], 7), fill = encode_number(model.encoder.inputs[0], 2.5);
  const std::vector<float> encoded{seven, 0, 0, 1, 0, fill, 1, 1, 0, 0, seven, 0, 0, 0, 1, seven, 0, 0, 0, 1};
  Matrix outputs(4, 1);
  NetworkPredictor(model.network).predict(ConstMatrixView(encoded.data(), 4, 5), outputs.view());
  for (std::size_t row = 0; row < 4; ++row)
    EXPECT_EQ(predictions(row, 0), model.encoder.target_scale * double(outputs(row, 0)) + model.encoder.target_shift);
}

TEST(Model, RefusesCategoriesThatCannotBe) {
  const auto refused = [](const std::function<void(InputColumn&)>& change, std::size_t input) {
    Model model = model_samples::mixed_model();
    change(model.encoder.inputs[input]);
    EXPECT_THROW(validate(model), Error);
  };
  EXPECT_NO_THROW(validate(model_samples::mixed_model()));
  refused([](InputColumn& c) { c.categories = {"b", "a"}; }, 1);
  refused([](InputColumn& c) { c.categories = {"a", "a"}; }, 1);
  refused([](InputColumn& c) { c.categories.push_back("z"); }, 1);  // one input more than the network has
  refused([](InputColumn& c) { c.may_miss = true; }, 1);
  refused([](InputColumn& c) { c.categories = {"a"}; }, 0);
  refused([](InputColumn& c) { c.fill = std::numeric_limits<double>::infinity(); }, 0);
}

TEST(Model, RefusesDatesThatCannotBe) {
  const auto refused = [](const std::function<void(InputColumn&)>& change, std::size_t input) {
    Model model = model_samples::dated_model();
    change(model.encoder.inputs[input]);
    EXPECT_THROW(validate(model), Error);
  };
  EXPECT_NO_THROW(validate(model_samples::dated_model()));
  refused([](InputColumn& c) { c.cycles = {Cycle::day_of_year, Cycle::time_of_day}; }, 0);
  refused([](InputColumn& c) { c.cycles = {Cycle::day_of_year, Cycle::day_of_year}; }, 0);
  refused([](InputColumn& c) { c.cycles.pop_back(); }, 0);  // two inputs fewer than the network has
  refused([](InputColumn& c) { c.date = std::nullopt; }, 0);
  refused([](InputColumn& c) { c.date = DateForm::plain; }, 1);
  refused([](InputColumn& c) { c.boolean = true; }, 0);
}

TEST(Predictor, RefusesWhatIsNoNumberAndWhatDoesNotFit) {
  const auto category = [](const Model& model, const MatrixOf<double>& rows, std::size_t predictions) {
    MatrixOf<double> out(rows.rows(), predictions);
    try {
      Predictor(model).predict(rows.view(), out.view());
    } catch (const Error& error) {
      return error.category();
    }
    return ErrorCategory::internal;
  };
  const Model model = model_samples::classes_model();
  MatrixOf<double> rows = some_rows(2, 3);
  EXPECT_EQ(category(model, rows, 2), ErrorCategory::internal);  // accepted
  EXPECT_EQ(category(model, rows, 3), ErrorCategory::input);
  EXPECT_EQ(category(model, some_rows(2, 4), 2), ErrorCategory::input);
  rows(1, 2) = std::numeric_limits<double>::infinity();  // even in a column that is encoded as 0
  EXPECT_EQ(category(model, rows, 2), ErrorCategory::input);
  rows(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(category(model, rows, 2), ErrorCategory::internal);  // accepted: missing
  rows(1, 2) = 1e308;
  rows(1, 0) = -1e308;
  EXPECT_EQ(category(model, rows, 2), ErrorCategory::internal);  // accepted: kept within a float
  Model loud = model_samples::number_model();
  for (float& value : loud.network.parameters.flat()) value = 3e38f;
  EXPECT_EQ(category(loud, some_rows(1, 2), 1), ErrorCategory::numerics);
}

}  // namespace
}  // namespace chainrule::model_test
