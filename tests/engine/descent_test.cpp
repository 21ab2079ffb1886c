// SPDX-License-Identifier: Apache-2.0
// The descent converges (M15): XOR, two spirals, iris, digits.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/folds.h"
#include "tests/support/real_tables.h"
#include "tests/support/toy_data.h"

namespace chainrule::descent_test {
namespace {

using testing::exclusive_or;
using testing::fraction_correct;
using testing::full_batch;
using testing::make_network;
using testing::metric;
using testing::two_spirals;

TEST(Descent, SolvesExclusiveOrFromTenSeeds) {
  const Dataset data = exclusive_or();
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Network network = make_network(2, {8}, ActivationKind::tanh, 1, seed);
    train(network, all_rows(data), {}, full_batch(0.05, 300));
    EXPECT_EQ(fraction_correct(network, LossKind::sigmoid_cross_entropy, data), 1.0) << "seed " << seed;
  }
}

TEST(Descent, SeparatesTwoSpiralsFromFiveSeeds) {
  const Dataset data = two_spirals();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Network network = make_network(2, {32, 32}, ActivationKind::tanh, 1, seed);
    train(network, all_rows(data), {}, full_batch(0.01, 1500));
    EXPECT_GE(fraction_correct(network, LossKind::sigmoid_cross_entropy, data), 0.99) << "seed " << seed;
  }
}

TEST(Descent, IrisInTenFolds) {
  const Table table = testing::load("iris.csv");
  std::vector<Note> notes;
  const std::vector<std::uint32_t> labels = encode_labels(plan_encoder(table, {}, notes), table);
  double right = 0;
  const auto folds = fold_rows(table.rows, 10, labels, 1);
  for (const std::vector<std::size_t>& validation_rows : folds) {
    std::vector<std::size_t> training_rows;
    for (std::size_t row = 0; row < table.rows; ++row)
      if (!std::ranges::binary_search(validation_rows, row)) training_rows.push_back(row);
    const FitResult result = fit(testing::rows_of(table, training_rows), FitOptions());
    right += metric(testing::metrics_on(result.model, testing::rows_of(table, validation_rows)), "accuracy") *
             static_cast<double>(validation_rows.size());
  }
  const double accuracy = right / static_cast<double>(table.rows);
  RecordProperty("accuracy", std::to_string(accuracy));
  EXPECT_GE(accuracy, 0.95);
}

TEST(Descent, DigitsWithAStratifiedFifthForValidation) {
  const Table table = testing::load("digits.csv");
  std::vector<Note> notes;
  const std::vector<std::uint32_t> labels = encode_labels(plan_encoder(table, {}, notes), table);
  std::vector<double> accuracies;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Split split = split_rows(table.rows, 0.2, labels, seed);
    FitOptions options;
    options.train.seed = seed;
    const FitResult result = fit(testing::rows_of(table, split.training), options);
    accuracies.push_back(
        metric(testing::metrics_on(result.model, testing::rows_of(table, split.validation)), "accuracy"));
  }
  double mean = 0, variance = 0;
  for (const double a : accuracies) mean += a / 5;
  for (const double a : accuracies) variance += (a - mean) * (a - mean) / 4;
  RecordProperty("accuracy", std::to_string(mean) + " +- " + std::to_string(std::sqrt(variance)));
  EXPECT_GE(mean, 0.975) << "sd " << std::sqrt(variance);
}

}  // namespace
}  // namespace chainrule::descent_test
