// SPDX-License-Identifier: Apache-2.0
// Learns "exclusive or", the smallest task that needs a hidden layer, from data in memory.
#include <chainrule/chainrule.h>

#include <cstdio>

int main() {
  using namespace chainrule;
  Matrix inputs(4, 2), targets(4, 1);
  for (std::size_t row = 0; row < 4; ++row) {
    inputs(row, 0) = static_cast<float>(row / 2), inputs(row, 1) = static_cast<float>(row % 2);
    targets(row, 0) = static_cast<float>(row / 2 != row % 2);
  }
  Dataset data;
  data.inputs = Features(inputs), data.targets.values = targets;

  Network network({.inputs = 2, .layers = {{4, ActivationKind::tanh}, {1, ActivationKind::identity}}});
  initialize(network, WeightScheme::glorot_normal, BiasScheme::zero, 1);
  TrainOptions options;
  options.loss = LossKind::sigmoid_cross_entropy, options.learning_rate = 0.05, options.epochs = 500;
  const History history = train(network, all_rows(data), {}, options);

  std::printf("%s\n", describe(network.architecture).c_str());
  std::printf("loss %.3f after %zu epochs\n", history.epochs.back().training_loss, history.epochs.size());
  const Matrix predictions =
      predict(network, options.loss, all_rows(data));  // the sigmoid of the loss makes probabilities
  for (std::size_t row = 0; row < 4; ++row)
    std::printf("%g xor %g: %.2f\n", inputs(row, 0), inputs(row, 1), predictions(row, 0));
}
