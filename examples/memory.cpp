// SPDX-License-Identifier: Apache-2.0
// Without files: columns in memory become a model, and single rows become predictions.
#include <chainrule/chainrule.h>

#include <array>
#include <cstdio>

using namespace chainrule;

int main() {
  // Is the beach crowded? Two columns of inputs and the target, one value per day.
  std::vector<double> temperature;
  std::vector<std::string> day, crowded;
  for (int i = 0; i < 364; ++i) {
    const bool weekend = i % 7 >= 5;
    temperature.push_back(i * 29 % 31 + 4);
    day.push_back(weekend ? "weekend" : "workday");
    crowded.push_back(temperature.back() > (weekend ? 20 : 29) ? "yes" : "no");
  }
  const Table table = formats::make_table({{"temperature", temperature}, {"day", day}, {"crowded", crowded}});
  FitOptions options;
  options.hidden = {16};
  options.train.learning_rate = 0.02;
  const Model model = fit(table, options).model;

  RowPredictor predictor(model);
  const std::array<std::string_view, 2> fields{"25", "weekend"};  // in the order of the input columns
  const Prediction prediction = predictor.predict(fields);
  std::printf("%s, probability %.2f\n", model.encoder.labels[prediction.class_index].c_str(),
              prediction.probabilities[prediction.class_index]);

  const std::array<NamedField, 2> by_name{{{"day", "workday"}, {"temperature", "25"}}};
  std::printf("on a workday: %s\n", model.encoder.labels[predictor.predict(by_name).class_index].c_str());

  const MatrixOf<double> probabilities = predict(model, table);  // (364 x 2)
  std::printf("first row of the table: %.2f %.2f\n", probabilities(0, 0), probabilities(0, 1));
}
