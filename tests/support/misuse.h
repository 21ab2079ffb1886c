// SPDX-License-Identifier: Apache-2.0
// For tests of misuse: correct uses of the library, which each case breaks, and the form of a refusal.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/support/library.h"
#include "tests/support/tables.h"

namespace chainrule::misuse {

using Rows = std::vector<std::size_t>;
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr std::size_t kMany = std::size_t{1} << 33;

// -- correct uses, which each case breaks -----------------------------------------------------------------------------

inline Network network_of(std::size_t inputs = 4, std::size_t outputs = 3) {
  Network network({.inputs = inputs, .layers = {{5, ActivationKind::tanh}, {outputs, ActivationKind::identity}}});
  initialize(network, WeightScheme::automatic, BiasScheme::normal, 1);
  return network;
}

inline Matrix numbers(std::size_t rows, std::size_t columns) {
  Matrix values(rows, columns);
  for (std::size_t k = 0; k < values.flat().size(); ++k) values.flat()[k] = static_cast<float>(k * 7 % 11) / 11 - 0.5f;
  return values;
}

inline Dataset dataset_of(std::size_t rows = 12, std::size_t inputs = 4, std::size_t classes = 3) {
  Dataset data;
  data.inputs = Features(numbers(rows, inputs));
  data.targets.classes = classes;
  for (std::size_t row = 0; row < rows; ++row) data.targets.labels.push_back(static_cast<std::uint32_t>(row % classes));
  return data;
}

inline TrainOptions options_of() {
  TrainOptions options;
  options.loss = LossKind::softmax_cross_entropy;
  options.epochs = 2;
  options.batch_size = 4;
  return options;
}

inline Table table_of() {
  return testing::table_of({testing::column("a", {"1", "2", "3", "4", "5", "6", "7", "8"}),
                            testing::column("b", {"2", "1", "4", "3", "6", "5", "8", "7.5"}),
                            testing::column("y", {"u", "v", "u", "v", "u", "v", "u", "v"}, testing::kKept)},
                           8);
}

inline FitOptions fit_options() {
  FitOptions options;
  options.hidden = {3};
  options.train.epochs = 1;
  return options;
}

// Everything that a step needs, with a batch.
struct Step {
  Network network = network_of();
  Dataset data = dataset_of();
  Selection rows = all_rows(data);
  TrainOptions options = options_of();
  Batcher batcher{rows, 4};
  Rows order = rows.rows;
  TrainState state{network, options, 4};
  Batch batch = batcher.gather(0, order);
  Workspace& work = state.work;

  void pass() {
    forward(network, batch.inputs, {}, work);
    loss_and_gradient(options.loss, batch, work);
    backward_deltas(network, work);
  }
};

inline void train_on(const Dataset& data, TrainOptions options = options_of(), Network network = network_of()) {
  train(network, all_rows(data), {}, options, {}, 1);
}

// -- refusals ---------------------------------------------------------------------------------------------------------

struct Case {
  const char* name;
  std::function<void()> misuse;
};

// "WHAT: expected X, found Y" of category usage or input.
inline void expect_refused(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    try {
      one.misuse();
      ADD_FAILURE() << one.name << ": accepted";
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_TRUE(error.category() == ErrorCategory::usage || error.category() == ErrorCategory::input)
          << one.name << ": " << text;
      const bool is_clear = (text.find("expect") != std::string::npos && text.find("found") != std::string::npos) ||
                            text.find("does not fit in memory") != std::string::npos;
      EXPECT_TRUE(is_clear) << one.name << ": " << text;
    } catch (const std::exception& other) {
      ADD_FAILURE() << one.name << ": not an Error but " << other.what();
    }
  }
}

}  // namespace chainrule::misuse
