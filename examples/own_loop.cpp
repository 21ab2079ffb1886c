// SPDX-License-Identifier: Apache-2.0
// A custom training loop from the parts of train(): batches, forward, loss, deltas, gradients, update. Start here if
// your idea needs another loop.
#include <chainrule/chainrule.h>

#include <cstdio>

using namespace chainrule;

int main() {
  const Table table = formats::load_table("data/digits.csv");
  const FitPlan plan = plan_fit(table, FitOptions());  // the validation rows and the scaling of inputs
  const Dataset data = encode(plan.encoder, table, true);
  const Selection training{&data, plan.split.training}, validation{&data, plan.split.validation};

  Network network({.inputs = 64, .layers = {{32, ActivationKind::relu}, {10, ActivationKind::identity}}});
  initialize(network, WeightScheme::automatic, BiasScheme::zero, 1);
  const Loss loss = LossKind::softmax_cross_entropy;
  const Optimizer optimizer = Momentum{0.9};
  const double learning_rate = 0.05, weight_decay = 1e-4;

  Batcher batcher(training, 32);
  Workspace work(network.architecture, batcher.batch_size());
  Parameters gradients(network.architecture), velocity(network.architecture);
  const TrainOptions order_of;  // shuffled, seed 1
  std::uint64_t step = 0;
  for (std::uint32_t epoch = 1; epoch <= 10; ++epoch) {
    const std::vector<std::size_t> order = epoch_order(order_of, batcher.rows(), epoch);
    double sum = 0;
    for (std::size_t b = 0; b < batcher.batches(); ++b) {
      const Batch batch = batcher.gather(b, order);
      forward(network, batch.inputs, {.seed = 1, .step = step}, work);
      sum += loss_and_gradient(loss, batch, work);
      backward_deltas(network, work);
      weight_gradients(batch.inputs, work, gradients);
      ++step;
      for (const Segment& part : network.parameters.segments())  // the weights of each layer, then the biases
        optimizer_update(optimizer, {step, learning_rate, weight_decay * part.decay_multiplier},
                         network.parameters.of(part), gradients.of(part), velocity.of(part), {});
    }
    if (epoch % 2 == 0)
      std::printf("epoch %2u  loss %.4f  accuracy on validation rows %.4f\n", epoch,
                  sum / static_cast<double>(batcher.batches()),
                  find_metric(evaluate(network, loss, validation), "accuracy")->value);
  }
}
