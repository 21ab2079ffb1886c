// SPDX-License-Identifier: Apache-2.0
// One way to predict: a table, encoded rows and metrics give the same numbers.
#include "chainrule/model/prediction.h"
#include "chainrule/metrics/row_losses.h"
#include "chainrule/model/encoded_predictions.h"

#include <numeric>

#include "chainrule/metrics/metrics.h"
#include "chainrule/model/evaluation.h"
#include "chainrule/training/fit.h"
#include "tests/support/tables.h"

namespace chainrule::testing::prediction_test {
namespace {

Table some_table(bool classes, std::size_t rows = 300) {
  Texts x, kind, y;
  for (std::size_t i = 0; i < rows; ++i) {
    x.push_back(i % 13 == 5 ? "" : std::to_string(i * 29 % 120));
    kind.push_back(i % 3 == 0 ? "red" : i % 7 == 0 ? "" : "blue");
    y.push_back(classes ? i * 29 % 120 < 50 ? "low" : "high" : std::to_string(i * 29 % 120 + i % 3));
  }
  return table_of({column("x", x), column("kind", kind), column("y", y, kKept)}, rows);
}

Model trained(const Table& table) {
  FitOptions options;
  options.hidden = {8};
  options.train.epochs = 3;
  options.data.clamp_predictions = find_column(table, "y", "target") == 2 && table.columns[2].is_number();
  return fit(table, options, {}, nullptr, 1).model;
}

TEST(Predict, ATableGivesWhatItsEncodedRowsGive) {
  for (const bool classes : {true, false}) {
    const Table table = some_table(classes);
    const Model model = trained(table);
    const MatrixOf<double> of_table = predict(model, table, 2);
    const Dataset data = encode(model.encoder, table, true);
    const Selection rows = all_rows(data);
    MatrixOf<double> of_rows(table.rows, model.encoder.outputs());
    Predictor(model, 7).predict(data.inputs, rows.rows, of_rows.view());
    EXPECT_TRUE(std::ranges::equal(of_table.flat(), of_rows.flat()));

    const Predictions predictions = predict(model, rows, 1);
    const Matrix by_network = predict(model.network, model.loss, rows, 1);
    EXPECT_TRUE(std::ranges::equal(predictions.outputs.flat(), by_network.flat()));
    const Encoder& encoder = model.encoder;
    for (std::size_t k = 0; k < of_table.flat().size(); ++k) {
      const double output = static_cast<double>(predictions.outputs.flat()[k]);
      EXPECT_EQ(of_table.flat()[k], classes ? output
                                            : std::clamp(encoder.target_scale * output + encoder.target_shift,
                                                         encoder.min_prediction, encoder.max_prediction));
    }
    EXPECT_EQ(predictions.losses, losses_of_rows(model.loss, predict_outputs(model.network, rows, 1).view(), rows));
    const Estimates measured = measure(model, table, {}, 1).estimates, estimated = estimate(model, rows, 1);
    ASSERT_EQ(measured.metrics.size(), estimated.metrics.size());
    for (std::size_t k = 0; k < measured.metrics.size(); ++k)
      EXPECT_EQ(measured.metrics[k].low, estimated.metrics[k].low);
    EXPECT_NEAR(find_estimate(estimated, "loss")->value,
                find_metric(evaluate(model.network, model.loss, rows, 1), "loss")->value, 1e-12);
  }
}

TEST(Predict, RowsWithoutTargetsHaveNoLosses) {
  const Table table = some_table(true);
  const Model model = trained(table);
  const Dataset data = encode(model.encoder, table, false);
  EXPECT_TRUE(predict(model, all_rows(data)).losses.empty());
}

TEST(Predict, AnErrorNamesTheRowAsTheTableDoes) {
  const Table table = some_table(false, 40);
  Model model = trained(table);
  for (float& value : model.network.parameters.flat()) value = 3e38f;
  const Refusal refused = refusal([&] { predict(model, table); });
  EXPECT_EQ(refused.category, ErrorCategory::numerics);
  EXPECT_TRUE(refused.what.starts_with("a.csv: row 1: output 1 of the network is not finite")) << refused.what;
}

}  // namespace
}  // namespace chainrule::testing::prediction_test
