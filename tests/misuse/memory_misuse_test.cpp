// SPDX-License-Identifier: Apache-2.0
// Ways of misusing predictions and data that are in memory already, each refused with an Error; and right uses. Runs
// under the address sanitizer, too.
#include <cmath>

#include "tests/support/misuse.h"
#include "tests/support/model_samples.h"

namespace chainrule::misuse {
namespace {

void answer(const Model& model, Matrix inputs, Rows rows, std::size_t columns) {
  Predictor predictor(model);
  MatrixOf<double> answers(rows.size(), columns);
  predictor.predict(Features(std::move(inputs)), rows, answers.view());
}

void answer_raw(double spoiled, const Model& model = model_samples::classes_model()) {
  MatrixOf<double> rows(2, model.encoder.columns()), answers(2, model.encoder.outputs());
  rows(1, 1) = spoiled;
  Predictor(model).predict(rows.view(), answers.view());
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
         answer(model_samples::classes_model(), std::move(inputs), {0, 1}, 2);
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
  };
  return all;
}

TEST(Refused, PredictionsAndDataInMemory) { expect_refused(cases()); }

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
  EXPECT_EQ(message([&] { answer(model, inputs, {1, 0}, 2); }), "row 2: input 3: expected a finite number, found nan");
  EXPECT_NO_THROW(answer(model, inputs, {0, 0}, 2));
}

}  // namespace
}  // namespace chainrule::misuse
