// SPDX-License-Identifier: Apache-2.0
// Ways of misusing predictions and data that are in memory already, each refused with an Error; and right uses. Runs
// under the address sanitizer, too.
#include <cmath>
#include <string_view>

#include "chainrule/base/checks.h"
#include "chainrule/model/encoded_predictions.h"
#include "tests/support/misuse.h"
#include "tests/support/model_samples.h"

namespace chainrule::misuse::memory_misuse_test {
namespace {

static_assert(std::is_constructible_v<RowPredictor, const Model&> && !std::is_constructible_v<RowPredictor, Model>);

void prediction(const Model& model, Matrix inputs, Rows rows, std::size_t columns) {
  Predictor predictor(model);
  MatrixOf<double> predictions(rows.size(), columns);
  predictor.predict(Features(std::move(inputs)), rows, predictions.view());
}

void predict_row(const std::vector<double>& numbers, const Model& model = model_samples::classes_model()) {
  RowPredictor(model).predict(numbers);
}

void answer_raw(double spoiled, const Model& model = model_samples::classes_model()) {
  MatrixOf<double> rows(2, model.encoder.columns()), predictions(2, model.encoder.outputs());
  rows(1, 1) = spoiled;
  Predictor(model).predict(rows.view(), predictions.view());
}

// Row 3, input 2 is not finite.
Dataset spoiled_dataset(float spoiled) {
  Dataset data = dataset_of();
  Matrix inputs = numbers(12, 4);
  inputs(2, 1) = spoiled;
  data.inputs = Features(std::move(inputs));
  return data;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"Predictor: an encoded row with NaN",
       [] {
         Matrix inputs = numbers(2, 3);
         inputs(1, 2) = kNaN;
         prediction(model_samples::classes_model(), std::move(inputs), {0, 1}, 2);
       }},
      {"Predictor: a raw row with infinity", [] { answer_raw(HUGE_VAL); }},
      {"Predictor: a pixel that is NaN", [] { answer_raw(std::nan(""), model_samples::image_model()); }},
      {"predict: an input that is NaN",
       [] {
         const Dataset data = spoiled_dataset(kNaN);
         predict(network_of(), LossKind::softmax_cross_entropy, all_rows(data));
       }},
      {"evaluate: an input that is infinite",
       [] {
         const Dataset data = spoiled_dataset(HUGE_VALF);
         evaluate(network_of(), LossKind::softmax_cross_entropy, all_rows(data));
       }},
      {"predict: a model and no data set", [] { predict(model_samples::classes_model(), Selection()); }},
      {"predict: a model and rows of another width",
       [] {
         const Dataset data = dataset_of(12, 6, 2);
         predict(model_samples::classes_model(), all_rows(data));
       }},
      {"predict: a model and a table of other columns", [] { predict(model_samples::classes_model(), table_of()); }},
      {"RowPredictor: an empty model",
       [] {
         const Model model;
         RowPredictor predictor(model);
       }},
      {"RowPredictor: moved from",
       [] {
         const Model model = model_samples::classes_model();
         RowPredictor one(model);
         const RowPredictor other = std::move(one);
         one.predict(std::vector<double>{1, 2, 3});  // NOLINT: intended
       }},
      {"Predictor: moved from",
       [] {
         const Model model = model_samples::classes_model();
         Predictor one(model);
         const Predictor other = std::move(one);
         MatrixOf<double> rows(1, model.encoder.columns()), predictions(1, model.encoder.outputs());
         one.predict(rows.view(), predictions.view());  // NOLINT: intended
       }},
      {"RowPredictor: fewer numbers than columns",
       [] {
         predict_row({1, 2});
       }},
      {"RowPredictor: more numbers than columns",
       [] {
         predict_row({1, 2, 3, 4});
       }},
      {"RowPredictor: infinity",
       [] {
         predict_row({1, HUGE_VAL, 3});
       }},
      {"RowPredictor: fewer pixels",
       [] {
         predict_row({1, 2}, model_samples::image_model());
       }},
      {"RowPredictor: texts for pixels",
       [] {
         const Model model = model_samples::image_model();
         RowPredictor(model).predict(std::vector<std::string_view>(6));
       }},
      {"RowPredictor: no named field",
       [] {
         const Model model = model_samples::classes_model();
         RowPredictor(model).predict(std::span<const NamedField>());
       }},
      {"make_table: no columns", [] { formats::make_table({}); }},
      {"make_table: no rows",
       [] {
         const std::vector<double> none;
         formats::make_table({{"a", none}});
       }},
      {"make_table: columns of different lengths",
       [] {
         const std::vector<double> one{1}, two{1, 2};
         formats::make_table({{"a", one}, {"b", two}});
       }},
      {"make_table: two columns of one name",
       [] {
         const std::vector<double> one{1};
         formats::make_table({{"a", one}, {"a", one}});
       }},
      {"make_table: infinity",
       [] {
         const std::vector<double> one{-HUGE_VAL};
         formats::make_table({{"a", one}});
       }},
      {"make_table: a target that is not there",
       [] {
         const std::vector<double> one{1};
         formats::LoadOptions options;
         options.target = "b";
         formats::make_table({{"a", one}}, options);
       }},
      {"dataset_view: fewer targets than rows",
       [] {
         const Matrix inputs = numbers(4, 2), targets = numbers(3, 1);
         dataset_view(inputs.view(), targets.view());
       }},
      {"dataset_view: more labels than rows",
       [] {
         const Matrix inputs = numbers(2, 2);
         dataset_view(inputs.view(), std::vector<std::uint32_t>(3), 2);
       }},
      {"dataset_view: a label that is not below the classes",
       [] {
         const Matrix inputs = numbers(2, 2);
         dataset_view(inputs.view(), std::vector<std::uint32_t>{0, 2}, 2);
       }},
      {"dataset_view: no classes",
       [] {
         const Matrix inputs = numbers(2, 2);
         dataset_view(inputs.view(), std::vector<std::uint32_t>(2), 0);
       }},
  };
  return all;
}

TEST(Refused, PredictionsAndDataInMemory) { expect_refused(cases()); }

TEST(RightUse, AViewOfADataSetTrainsTheSame) {
  const Matrix values = numbers(12, 4), expected = numbers(12, 2);
  Dataset owned = dataset_of();
  owned.inputs = Features(values);
  const Dataset labels = dataset_view(values.view(), owned.targets.labels, 3);
  Network a = network_of(), b = network_of();
  train(a, all_rows(owned), {}, options_of(), {}, 1);
  train(b, all_rows(labels), {}, options_of(), {}, 1);
  EXPECT_EQ(in_rows(a.parameters), in_rows(b.parameters));

  owned.targets = {};
  owned.targets.values = expected;
  const Dataset viewed = dataset_view(values.view(), expected.view());
  TrainOptions options = options_of();
  options.loss = LossKind::half_squared_error;
  Network c = network_of(4, 2), d = network_of(4, 2);
  train(c, all_rows(owned), all_rows(owned), options, {}, 1);
  train(d, all_rows(viewed), all_rows(viewed), options, {}, 1);
  EXPECT_EQ(in_rows(c.parameters), in_rows(d.parameters));
  const Metrics of_owned = evaluate(c, options.loss, all_rows(owned)),
                of_viewed = evaluate(d, options.loss, all_rows(viewed));
  for (std::size_t k = 0; k < of_owned.size(); ++k)
    EXPECT_EQ(of_owned[k].value, of_viewed[k].value) << of_owned[k].name;
  EXPECT_EQ(baseline_loss(options.loss, all_rows(owned)), baseline_loss(options.loss, all_rows(viewed)));
  const Dataset some = copy_rows(viewed, {3, 1});
  EXPECT_EQ(some.targets.numbers()(0, 1), expected(3, 1));
}

// What is not finite is refused with its row and column, before anything is computed.
TEST(RightUse, NumbersThatAreNotFiniteAreNamed) {
  const auto message = [](const std::function<void()>& work) { return testing::refusal(work).what; };
  const Dataset data = spoiled_dataset(kNaN);
  const std::string named = "row 3: input 2: expected a finite number, found nan";
  EXPECT_EQ(message([&] { predict_outputs(network_of(), all_rows(data)); }), named);
  EXPECT_EQ(message([&] { evaluate(network_of(), LossKind::softmax_cross_entropy, all_rows(data)); }), named);
  EXPECT_NO_THROW(predict_outputs(network_of(), Selection{&data, {0, 1, 3}})) << "row 3 is not among them";
  const Model model = model_samples::classes_model();
  EXPECT_EQ(message([&] { answer_raw(HUGE_VAL); }),
            "row 2: input 2 " + in_quotes(model.encoder.inputs[1].name) + ": expected a finite number, found inf");
  EXPECT_NO_THROW(answer_raw(std::nan(""))) << "a missing value";
  Matrix inputs = numbers(2, 3);
  inputs(1, 2) = kNaN;
  EXPECT_EQ(message([&] {
              prediction(model, inputs, {1, 0}, 2);
            }),
            "row 2: input 3: expected a finite number, found nan");
  EXPECT_NO_THROW(prediction(model, inputs, {0, 0}, 2));
  EXPECT_NO_THROW(predict_row({1, 2, 3}));
}

}  // namespace
}  // namespace chainrule::misuse::memory_misuse_test
