// SPDX-License-Identifier: Apache-2.0
// Misuse of the engine: each is refused with an Error that names what was expected and found, or does not compile. Also
// runs with the address sanitizer.
#include "tests/support/misuse.h"

namespace chainrule::misuse::engine_misuse_test {
namespace {

const std::vector<Case>& training_cases() {
  static const std::vector<Case> cases = {
      {"train: more inputs than the network has", [] { train_on(dataset_of(12, 6)); }},
      {"train: fewer inputs", [] { train_on(dataset_of(12, 3)); }},
      {"train: more classes than outputs", [] { train_on(dataset_of(12, 4, 5)); }},
      {"train: fewer classes than outputs", [] { train_on(dataset_of(12, 4, 2)); }},
      {"train: no rows", [] { train_on(dataset_of(0)); }},
      {"train: no data set",
       [] {
         Network network = network_of();
         train(network, Selection{nullptr, {0, 1}}, {}, options_of());
       }},
      {"train: validation rows without a data set",
       [] {
         Network network = network_of();
         const Dataset data = dataset_of();
         train(network, all_rows(data), Selection{nullptr, {0}}, options_of());
       }},
      {"train: validation rows of another width",
       [] {
         Network network = network_of();
         const Dataset data = dataset_of(), other = dataset_of(12, 6);
         train(network, all_rows(data), all_rows(other), options_of());
       }},
      {"train: a row that is not there",
       [] {
         Network network = network_of();
         const Dataset data = dataset_of();
         train(network, Selection{&data, {0, 12}}, {}, options_of());
       }},
      {"train: no targets",
       [] {
         Dataset data = dataset_of();
         data.targets = {};
         train_on(data);
       }},
      {"train: fewer labels than rows",
       [] {
         Dataset data = dataset_of();
         data.targets.labels.resize(7);
         train_on(data);
       }},
      {"train: a label that is not a class",
       [] {
         Dataset data = dataset_of();
         data.targets.labels[3] = 3;
         train_on(data);
       }},
      {"train: fewer target values than rows",
       [] {
         Dataset data = dataset_of();
         data.targets = {};
         data.targets.values = numbers(5, 3);
         TrainOptions options = options_of();
         options.loss = LossKind::half_squared_error;
         train_on(data, options);
       }},
      {"train: NaN among targets",
       [] {
         Dataset data = dataset_of();
         data.targets = {};
         data.targets.values = numbers(12, 3);
         data.targets.values(2, 1) = kNaN;
         TrainOptions options = options_of();
         options.loss = LossKind::half_squared_error;
         train_on(data, options);
       }},
      {"train: fewer weights than rows",
       [] {
         Dataset data = dataset_of();
         data.weights.assign(5, 1);
         train_on(data);
       }},
      {"train: fewer weights of the loss than rows",
       [] {
         Dataset data = dataset_of();
         data.loss_weights.assign(5, 1);
         train_on(data);
       }},
      {"train: a negative weight",
       [] {
         Dataset data = dataset_of();
         data.weights.assign(12, 1);
         data.weights[4] = -1;
         train_on(data);
       }},
      {"train: a weight that is NaN",
       [] {
         Dataset data = dataset_of();
         data.weights.assign(12, 1);
         data.weights[4] = kNaN;
         train_on(data);
       }},
      {"train: an infinite input",
       [] {
         Matrix inputs = numbers(12, 4);
         inputs(7, 0) = std::numeric_limits<float>::infinity();
         Dataset data = dataset_of();
         data.inputs = Features(std::move(inputs));
         train_on(data);
       }},
      {"train: an empty network", [] { train_on(dataset_of(), options_of(), Network()); }},
      {"train: a network that was moved from",
       [] {
         Network network = network_of();
         const Network other = std::move(network);
         train_on(dataset_of(), options_of(), network);  // NOLINT: intended
       }},
      {"train: parameters that were moved from",
       [] {
         Network network = network_of();
         const Parameters other = std::move(network.parameters);
         train_on(dataset_of(), options_of(), network);
       }},
      {"train: parameters of another network",
       [] {
         Network network = network_of();
         network.parameters = network_of(6).parameters;
         train_on(dataset_of(), options_of(), network);
       }},
      {"train: a layer widened after construction",
       [] {
         Network network = network_of();
         network.architecture.layers[0].outputs = 50;
         train_on(dataset_of(), options_of(), network);
       }},
      {"train: a layer added after construction",
       [] {
         Network network = network_of();
         network.architecture.layers.push_back({3, ActivationKind::identity});
         train_on(dataset_of(), options_of(), network);
       }},
      {"train: too many threads",
       [] {
         Network network = network_of();
         const Dataset data = dataset_of();
         train(network, all_rows(data), {}, options_of(), {}, 1'000'000);
       }},
      {"train: a custom loss without functions",
       [] {
         TrainOptions options = options_of();
         options.loss = LossKind::custom;
         train_on(dataset_of(), options);
       }},
      {"train: functions beside another kind of loss",
       [] {
         TrainOptions options = options_of();
         options.loss.custom = std::make_shared<const CustomLoss>();
         train_on(dataset_of(), options);
       }},
      {"train: an unknown loss",
       [] {
         TrainOptions options = options_of();
         options.loss.kind = static_cast<LossKind>(99);
         train_on(dataset_of(), options);
       }},
      {"train: an unknown schedule",
       [] {
         TrainOptions options = options_of();
         options.schedule.kind = static_cast<ScheduleKind>(99);
         train_on(dataset_of(), options);
       }},
      {"train: a learning rate that is NaN",
       [] {
         TrainOptions options = options_of();
         options.learning_rate = std::nan("");
         train_on(dataset_of(), options);
       }},
      {"TrainState: a learning rate of 0",
       [] {
         Network network = network_of();
         TrainOptions options = options_of();
         options.learning_rate = 0;
         TrainState state(network, options, 4);
       }},
      {"TrainState: an empty network",
       [] {
         Network network;
         const TrainOptions options = options_of();
         TrainState state(network, options, 4);
       }},
      {"TrainState: too many threads",
       [] {
         Network network = network_of();
         const TrainOptions options = options_of();
         TrainState state(network, options, 4, 1025);
       }},
      {"TrainState: more rows than fit in memory",
       [] {
         Network network = network_of();
         const TrainOptions options = options_of();
         TrainState state(network, options, std::size_t{1} << 62);
       }},
      {"train_step: more rows than the state has room for",
       [] {
         Step s;
         Batcher all(s.rows, 12);
         train_step(s.state, all.gather(0, s.order));
       }},
      {"train_step: an empty batch",
       [] {
         Step s;
         train_step(s.state, Batch());
       }},
      {"train_step: other inputs",
       [] {
         Step s;
         const Matrix inputs(4, 6);
         s.batch.inputs = inputs.view();
         train_step(s.state, s.batch);
       }},
      {"train_step: targets of another width",
       [] {
         Step s;
         const Matrix targets(4, 2);
         s.batch.targets = targets.view();
         train_step(s.state, s.batch);
       }},
      {"train_step: no targets",
       [] {
         Step s;
         s.batch.targets = {};
         train_step(s.state, s.batch);
       }},
      {"train_step: fewer scales than rows",
       [] {
         Step s;
         s.batch.scale = s.batch.scale.first(2);
         train_step(s.state, s.batch);
       }},
      {"train_step: an optimizer that needs more memory than before",
       [] {
         Step s;
         s.options.optimizer = Sgd{};
         TrainState state(s.network, s.options, 4);
         s.options.optimizer = Adam{};
         train_step(state, s.batch);
       }},
      {"train_step: gradients taken away",
       [] {
         Step s;
         s.state.gradients = Parameters();
         train_step(s.state, s.batch);
       }},
      {"train_step: dropout added after the state was made",
       [] {
         Step s;
         s.network.architecture.layers[0].dropout = 0.5;
         train_step(s.state, s.batch);
       }},
      {"train_step: input dropout added after the state was made",
       [] {
         Step s;
         s.network.architecture.input_dropout = 0.5;
         train_step(s.state, s.batch);
       }},
      {"train_step: the network replaced by a wider one",
       [] {
         Step s;
         s.network = network_of(9);
         train_step(s.state, s.batch);
       }},
      {"epoch of no rows", [] { steps_per_epoch(options_of(), 0); }},
  };
  return cases;
}

const std::vector<Case>& engine_cases() {
  static const std::vector<Case> cases = {
      {"Matrix: sizes that overflow", [] { Matrix(kMany, kMany); }},
      {"Matrix: bytes that overflow", [] { Matrix(std::size_t{1} << 31, std::size_t{1} << 31); }},
      {"Matrix of doubles: bytes that overflow", [] { MatrixOf<double>(std::size_t{1} << 61, 1); }},
      {"Workspace: no layers",
       [] {
         Workspace(Architecture{4, 0, {}}, 4);
       }},
      {"Workspace: too many threads", [] { Workspace(network_of().architecture, 4, 1'000'000); }},
      {"Workspace: a layer that is not there", [] { Step().work.z(2); }},
      {"Workspace: activations of a layer that is not there", [] { Step().work.a(7); }},
      {"Workspace: delta of a layer that is not there", [] { Step().work.delta(2); }},
      {"Workspace: a mask of a layer that is not there", [] { Step().work.buffers().mask(2); }},
      {"Workspace: more rows than it has", [] { Step().work.set_rows(5); }},
      {"Workspace: moved from",
       [] {
         Step s;
         const Workspace other = std::move(s.work);
         s.pass();
       }},
      {"Workspace: views of one that was moved from",
       [] {
         Step s;
         const Workspace other = std::move(s.work);
         s.work.z(0);
       }},
      {"train_step: a workspace that was moved from",
       [] {
         Step s;
         const Workspace other = std::move(s.state.work);
         train_step(s.state, s.batch);
       }},
      {"WorkRows: rows beyond the batch",
       [] {
         Step s;
         WorkRows(s.work.buffers(), 2, 3, s.work.buffers().pool);
       }},
      {"forward: other inputs",
       [] {
         Step s;
         const Matrix inputs(4, 6);
         forward(s.network, inputs.view(), {}, s.work);
       }},
      {"forward: more rows than the workspace has",
       [] {
         Step s;
         const Matrix inputs(9, 4);
         forward(s.network, inputs.view(), {}, s.work);
       }},
      {"forward: a workspace of another network",
       [] {
         Step s;
         Workspace work(network_of(4, 2).architecture, 4);
         forward(s.network, s.batch.inputs, {}, work);
       }},
      {"forward: an empty network",
       [] {
         Step s;
         forward(Network(), s.batch.inputs, {}, s.work);
       }},
      {"forward: parameters of another network",
       [] {
         Step s;
         s.network.parameters = network_of(9).parameters;
         forward(s.network, s.batch.inputs, {}, s.work);
       }},
      {"backward_deltas: a workspace of another network",
       [] {
         Step s;
         Workspace work(network_of(4, 2).architecture, 4);
         backward_deltas(s.network, work);
       }},
      {"weight_gradients: gradients of another network",
       [] {
         Step s;
         s.pass();
         Parameters gradients(network_of(9).architecture);
         weight_gradients(s.batch.inputs, s.work, gradients);
       }},
      {"weight_gradients: empty gradients",
       [] {
         Step s;
         s.pass();
         Parameters gradients;
         weight_gradients(s.batch.inputs, s.work, gradients);
       }},
      {"weight_gradients: other inputs",
       [] {
         Step s;
         s.pass();
         const Matrix inputs(2, 4);
         weight_gradients(inputs.view(), s.work, s.state.gradients);
       }},
      {"input_gradients: another width",
       [] {
         Step s;
         s.pass();
         Matrix d_inputs(4, 3);
         input_gradients(s.network, s.work, d_inputs.view());
       }},
      {"input_gradients: other rows",
       [] {
         Step s;
         s.pass();
         Matrix d_inputs(3, 4);
         input_gradients(s.network, s.work, d_inputs.view());
       }},
      {"loss_and_gradient: targets of another width",
       [] {
         Step s;
         const Matrix targets(4, 1);
         s.batch.targets = targets.view();
         s.pass();
       }},
      {"loss_and_gradient: fewer scales of rows",
       [] {
         Step s;
         s.batch.scale = s.batch.scale.first(3);
         s.pass();
       }},
      {"loss_and_gradient: another number of rows in the workspace",
       [] {
         Step s;
         s.pass();
         s.work.set_rows(2);
         loss_and_gradient(s.options.loss, s.batch, s.work);
       }},
      {"loss_value: a custom loss without functions",
       [] { loss_value(LossKind::custom, std::vector<double>{1}, std::vector<double>{1}); }},
      {"loss_name: a custom loss without functions", [] { loss_name(LossKind::custom); }},
      {"loss_value: fewer targets than outputs",
       [] {
         loss_value(LossKind::huber, std::vector<double>{1, 2}, std::vector<double>{1});
       }},
      {"a custom loss of empty functions",
       [] {
         Loss(CustomLoss{"mine", {}, {}});
       }},
      {"a custom activation of empty functions",
       [] {
         Activation(CustomActivation{"mine", {}, {}});
       }},
      {"Network: a custom activation without functions",
       [] {
         Network({.inputs = 1, .layers = {{1, ActivationKind::custom}}});
       }},
      {"Network: an unknown activation",
       [] {
         Network({.inputs = 1, .layers = {{1, static_cast<ActivationKind>(77)}}});
       }},
      {"activation_name: an unknown one", [] { activation_name(static_cast<ActivationKind>(77)); }},
      {"schedule_name: an unknown one", [] { schedule_name(static_cast<ScheduleKind>(77)); }},
      {"initialize: an empty network",
       [] {
         Network network;
         network.architecture = network_of().architecture;
         initialize(network, WeightScheme::automatic, BiasScheme::zero, 1);
       }},
      {"initialize: an unknown scheme",
       [] {
         Network network = network_of();
         initialize(network, static_cast<WeightScheme>(50), BiasScheme::zero, 1);
       }},
      {"Parameters: weights of a layer that is not there", [] { network_of().parameters.weights(2); }},
      {"Parameters: biases of a layer that is not there", [] { network_of().parameters.biases(2); }},
      {"Parameters: a segment of a larger block",
       [] { network_of().parameters.of(network_of(40).parameters.segments().back()); }},
      {"in_rows: a segment of a larger block",
       [] { in_rows(network_of().parameters, network_of(40).parameters.segments()[0]); }},
      {"set_rows: too few values",
       [] {
         Network network = network_of();
         set_rows(network.parameters, std::vector<float>(3));
       }},
      {"set_rows: too many values",
       [] {
         Network network = network_of();
         set_rows(network.parameters, std::vector<float>(1000));
       }},
      {"set_rows: too few values of a segment",
       [] {
         Network network = network_of();
         set_rows(network.parameters, network.parameters.segments()[0], std::vector<float>(3));
       }},
      {"freeze: a layer that is not there",
       [] {
         Network network = network_of();
         freeze(network, 2);
       }},
      {"optimizer_update: no memory for Adam",
       [] {
         std::vector<float> p(3), g(3);
         optimizer_update(Adam{}, {1, 0.1}, p, std::span<const float>(g), {}, {});
       }},
      {"optimizer_update: fewer gradients than parameters",
       [] {
         std::vector<float> p(3), g(2);
         optimizer_update(Sgd{}, {1, 0.1}, p, std::span<const float>(g), {}, {});
       }},
      {"optimizer_update in double: no memory for momentum",
       [] {
         std::vector<double> p(3), g(3);
         optimizer_update(Momentum{}, {1, 0.1}, p, std::span<const double>(g), {}, {});
       }},
  };
  return cases;
}

TEST(EngineMisuse, TrainingIsRefused) { expect_refused(training_cases()); }
TEST(EngineMisuse, PartsOfAStepAreRefused) { expect_refused(engine_cases()); }

TEST(EngineMisuse, CasesAreMany) { EXPECT_GE(training_cases().size() + engine_cases().size(), 80u); }

}  // namespace
}  // namespace chainrule::misuse::engine_misuse_test
