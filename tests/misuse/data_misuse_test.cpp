// SPDX-License-Identifier: Apache-2.0
// Misuse of data sets, models and fit(): each is refused with an Error or does not compile. Correct uses must be
// accepted. Also runs with the address sanitizer.
#include "chainrule/data/folds.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/metrics/row_losses.h"
#include "chainrule/model/fingerprint.h"
#include "tests/support/misuse.h"
#include "tests/support/model_samples.h"

#include <unistd.h>

#include "chainrule/engine/work_rows.h"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace chainrule::misuse::data_misuse_test {
namespace {

// -- does not compile: each would use a destroyed object --------------------------------------------------------------

template <class T>
concept CanSelectFrom = requires(T&& data) {
  all_rows(std::forward<T>(data));
};
template <class T>
concept CanTellOptions = requires(T&& model) {
  formats::load_options_for(std::forward<T>(model));
};
template <class T>
concept PresetIsAField = requires(T options) {
  options.preset = "tabular";
};

static_assert(CanSelectFrom<const Dataset&> && !CanSelectFrom<Dataset>);
static_assert(CanTellOptions<const Model&> && !CanTellOptions<Model>);
static_assert(!PresetIsAField<FitOptions>);
static_assert(std::is_constructible_v<Batcher, const Selection&, std::size_t> &&
              !std::is_constructible_v<Batcher, Selection, std::size_t>);
static_assert(std::is_constructible_v<Predictor, const Model&> && !std::is_constructible_v<Predictor, Model> &&
              !std::is_constructible_v<Predictor, Model, std::size_t, std::size_t>);
static_assert(std::is_constructible_v<TrainState, Network&, const TrainOptions&, std::size_t> &&
              !std::is_constructible_v<TrainState, Network&, TrainOptions, std::size_t> &&
              !std::is_constructible_v<TrainState, Network, const TrainOptions&, std::size_t>);
static_assert(!std::is_constructible_v<WorkRows, Workspace>);

// -- refused ----------------------------------------------------------------------------------------------------------

void run_predictor(const Model& model, Matrix inputs, Rows rows, std::size_t columns) {
  Predictor predictor(model);
  MatrixOf<double> predictions(rows.size(), columns);
  predictor.predict(Features(std::move(inputs)), rows, predictions.view());
}

void fit_spoiled(const std::function<void(Table&)>& spoil) {
  Table table = table_of();
  spoil(table);
  fit(table, fit_options(), {}, nullptr, 1);
}

void fit_with(const std::function<void(FitOptions&)>& spoil) {
  FitOptions options = fit_options();
  spoil(options);
  fit(table_of(), options, {}, nullptr, 1);
}

const std::vector<Case>& data_cases() {
  static const std::vector<Case> cases = {
      {"Features: fewer bytes than rows * columns",
       [] { Features(SharedBytes(std::vector<std::uint8_t>(5)), 2, 3, 1); }},
      {"Features: sizes that overflow", [] { Features(SharedBytes(), kMany, kMany, 1); }},
      {"Features: a scale that is NaN", [] { Features(SharedBytes(std::vector<std::uint8_t>(6)), 2, 3, kNaN); }},
      {"Features: a view of fewer numbers", [] { Features::view_of(std::vector<float>(5), 2, 3); }},
      {"Features: a row that is not there",
       [] {
         Matrix out(1, 4);
         dataset_of().inputs.gather(Rows{12}, out.view());
       }},
      {"Features: fewer rows to gather into",
       [] {
         Matrix out(1, 4);
         dataset_of().inputs.gather(Rows{1, 2}, out.view());
       }},
      {"Features: fewer columns to gather into",
       [] {
         Matrix out(2, 3);
         dataset_of().inputs.gather(Rows{1, 2}, out.view());
       }},
      {"Targets: a row that is not there",
       [] {
         Matrix out(1, 3);
         dataset_of().targets.gather(Rows{12}, out.view());
       }},
      {"Targets: fewer columns to gather into",
       [] {
         Matrix out(1, 2);
         dataset_of().targets.gather(Rows{1}, out.view());
       }},
      {"copy_rows: a row that is not there",
       [] {
         copy_rows(dataset_of(), {3, 12});
       }},
      {"scale_weights_to_mean_one: a row that is not there",
       [] {
         std::vector<float> weights(3, 1);
         scale_weights_to_mean_one(weights, Rows{0, 3});
       }},
      {"Batcher: no data set",
       [] {
         const Selection rows{nullptr, {}};
         Batcher(rows, 2);
       }},
      {"Batcher: a row that is not there",
       [] {
         const Dataset data = dataset_of();
         const Selection rows{&data, {12}};
         Batcher(rows, 2);
       }},
      {"Batcher: a label that is not a class",
       [] {
         Dataset data = dataset_of();
         data.targets.labels[1] = 9;
         const Selection rows = all_rows(data);
         Batcher(rows, 2);
       }},
      {"Batcher: a batch that is not there",
       [] {
         Step s;
         s.batcher.gather(3, s.order);
       }},
      {"Batcher: an order that is too short",
       [] {
         Step s;
         s.batcher.gather(0, Rows{0, 1});
       }},
      {"Batcher: an order of rows that are not there",
       [] {
         Step s;
         s.order[1] = 99;
         s.batcher.gather(0, s.order);
       }},
      {"Batcher: an order whose next rows are not there",
       [] {
         Step s;
         s.order[5] = 99;
         s.batcher.gather(0, s.order);
         s.batcher.gather(1, s.order);
       }},
      {"split_rows: fewer strata than rows", [] { split_rows(10, 0.5, std::vector<std::uint32_t>(3), 1); }},
      {"fold_rows: fewer strata than rows", [] { fold_rows(10, 2, std::vector<std::uint32_t>(3), 1); }},
      {"a table whose column is too short", [] { fit_spoiled([](Table& t) { t.columns[0].numbers.resize(3); }); }},
      {"a table whose column is empty", [] { fit_spoiled([](Table& t) { t.columns[0].numbers.clear(); }); }},
      {"a table whose target is too short", [] { fit_spoiled([](Table& t) { t.columns[2].codes.resize(3); }); }},
      {"a table whose code has no spelling", [] { fit_spoiled([](Table& t) { t.columns[2].codes[1] = 9; }); }},
      {"a table with too many rows", [] { fit_spoiled([](Table& t) { t.rows = 800; }); }},
      {"a table without columns", [] { fit_spoiled([](Table& t) { t.columns.clear(); }); }},
      {"an empty table", [] { fit(Table(), fit_options()); }},
      {"a table whose images have no bytes",
       [] { fit_spoiled([](Table& t) { t.images.height = t.images.width = 9; }); }},
      {"number_of_row: a row that is not there",
       [] {
         Table table = table_of();
         table.row_numbers = {1, 2};
         number_of_row(table, 2);
       }},
      {"field_text: a row that is not there",
       [] {
         const Table table = table_of();
         field_text(table, table.columns[0], 8);
       }},
  };
  return cases;
}

const std::vector<Case>& model_cases() {
  static const std::vector<Case> cases = {
      {"NetworkPredictor: an empty network", [] { NetworkPredictor{Network()}; }},
      {"NetworkPredictor: too many threads", [] { NetworkPredictor(network_of(), 4, 5000); }},
      {"NetworkPredictor: more rows than fit in memory", [] { NetworkPredictor(network_of(), std::size_t{1} << 62); }},
      {"NetworkPredictor: other inputs",
       [] {
         const Matrix inputs(2, 6);
         Matrix outputs(2, 3);
         NetworkPredictor(network_of()).predict(inputs.view(), outputs.view());
       }},
      {"NetworkPredictor: fewer outputs",
       [] {
         const Matrix inputs(2, 4);
         Matrix outputs(2, 2);
         NetworkPredictor(network_of()).predict(inputs.view(), outputs.view());
       }},
      {"NetworkPredictor: fewer rows of outputs",
       [] {
         const Matrix inputs(3, 4);
         Matrix outputs(2, 3);
         NetworkPredictor(network_of()).predict(inputs.view(), outputs.view());
       }},
      {"NetworkPredictor: moved from",
       [] {
         NetworkPredictor one(network_of());
         const NetworkPredictor other = std::move(one);
         const Matrix inputs(1, 4);
         Matrix outputs(1, 3);
         one.predict(inputs.view(), outputs.view());  // NOLINT: intended
       }},
      {"Batcher: moved from",
       [] {
         const Dataset data = dataset_of(12, 4);
         const Selection rows = all_rows(data);
         Batcher one(rows, 4);
         const Batcher other = std::move(one);
         one.gather(0, rows.rows);  // NOLINT: intended
       }},
      {"predict: other inputs",
       [] {
         const Dataset data = dataset_of(12, 6);
         predict(network_of(), LossKind::softmax_cross_entropy, all_rows(data));
       }},
      {"predict: no data set", [] { predict_outputs(network_of(), Selection()); }},
      {"predict_outputs: a data set that was moved from",
       [] {
         Dataset data = dataset_of(12, 4);
         const Selection rows = all_rows(data);
         const Dataset other = std::move(data);
         predict_outputs(network_of(), rows);
       }},
      {"predict: a row that is not there",
       [] {
         const Dataset data = dataset_of();
         predict_outputs(network_of(), Selection{&data, {12}});
       }},
      {"evaluate: no rows",
       [] {
         const Dataset data = dataset_of();
         evaluate(network_of(), LossKind::softmax_cross_entropy, Selection{&data, {}});
       }},
      {"evaluate: other classes",
       [] {
         const Dataset data = dataset_of(12, 4, 2);
         evaluate(network_of(), LossKind::softmax_cross_entropy, all_rows(data));
       }},
      {"losses_of_rows: fewer outputs than rows",
       [] {
         const Dataset data = dataset_of();
         losses_of_rows(LossKind::huber, Matrix(3, 3).view(), all_rows(data));
       }},
      {"compute_metrics: no data set",
       [] {
         compute_metrics(Matrix(1, 3).view(), Selection{nullptr, {0}});
       }},
      {"compute_metrics: fewer predictions than rows",
       [] {
         const Dataset data = dataset_of();
         compute_metrics(Matrix(3, 3).view(), all_rows(data));
       }},
      {"trivial_loss: no data set",
       [] {
         baseline_loss(LossKind::huber, Selection{nullptr, {0}});
       }},
      {"Predictor: an empty model",
       [] {
         const Model model;
         Predictor predictor(model);
       }},
      {"Predictor: a network of other inputs",
       [] {
         Model model = model_samples::classes_model();
         model.network = network_of(9, 2);
         Predictor predictor(model);
       }},
      {"Predictor: encoded rows of another width",
       [] {
         run_predictor(model_samples::classes_model(), numbers(2, 6), {0, 1}, 2);
       }},
      {"Predictor: a row that is not there",
       [] {
         run_predictor(model_samples::classes_model(), numbers(2, 3), {0, 2}, 2);
       }},
      {"Predictor: fewer outputs than classes",
       [] {
         run_predictor(model_samples::classes_model(), numbers(2, 3), {0, 1}, 1);
       }},
      {"decide: an empty prediction", [] { decide(model_samples::classes_model(), {}); }},
      {"decide: a prediction of one number", [] { decide(model_samples::classes_model(), std::vector<double>{1}); }},
      {"save_model: an empty model", [] { formats::save_model(Model(), "/nowhere/a.safetensors"); }},
      {"HealthMeter: a step of another network",
       [] {
         Step s;
         HealthMeter(network_of(9).architecture).add(s.batch.inputs, s.work, Parameters(), Parameters(), Parameters());
       }},
      {"fit: a loss of classes for numbers",
       [] {
         Table table = table_of();
         table.columns.pop_back();
         FitOptions options = fit_options();
         options.data.task = static_cast<int>(Task::number);
         options.train.loss = LossKind::softmax_cross_entropy;
         fit(table, options);
       }},
      {"fit: a task that is not known", [] { fit_with([](FitOptions& o) { o.data.task = 7; }); }},
      {"fit: too many threads", [] { fit(table_of(), fit_options(), {}, nullptr, 1025); }},
      {"fit: a hidden layer of no units", [] { fit_with([](FitOptions& o) { o.hidden = {0}; }); }},
      {"fit: a dropout of 1", [] { fit_with([](FitOptions& o) { o.dropout = 1; }); }},
      {"fit: more multipliers than layers", [] { fit_with([](FitOptions& o) {
                                                   o.bias_multiplier = {1, 2, 3};
                                                 }); }},
      {"fit: a fraction above 1", [] { fit_with([](FitOptions& o) { o.validation_split = 1.5; }); }},
      {"fit: a fraction that is NaN", [] { fit_with([](FitOptions& o) { o.validation_split = std::nan(""); }); }},
      {"fit: a threshold above 1", [] { fit_with([](FitOptions& o) { o.threshold = 1.5; }); }},
      {"fit: a custom loss without functions",
       [] { fit_with([](FitOptions& o) { o.train.loss = LossKind::custom; }); }},
      {"fit: an unknown activation",
       [] { fit_with([](FitOptions& o) { o.activation = static_cast<ActivationKind>(50); }); }},
      {"fit: unknown initial weights",
       [] { fit_with([](FitOptions& o) { o.initial_weights = static_cast<WeightScheme>(50); }); }},
      {"apply_preset: an unknown one", [] { fit_with([](FitOptions& o) { apply_preset(o, "modern"); }); }},
      {"cross_validate: one fold", [] { cross_validate(table_of(), fit_options(), {.folds = 1}); }},
  };
  return cases;
}

TEST(DataMisuse, DataAreRefused) { expect_refused(data_cases()); }
TEST(DataMisuse, ModelsAreRefused) { expect_refused(model_cases()); }
TEST(DataMisuse, CasesAreMany) { EXPECT_GE(data_cases().size() + model_cases().size(), 65u); }

TEST(DataMisuse, ANaNAmongInputsIsNamedByRowBeforeTraining) {
  Matrix inputs = numbers(12, 4);
  inputs(7, 2) = kNaN;
  Dataset data = dataset_of();
  data.inputs = Features(std::move(inputs));
  Network network = network_of();
  const std::vector<float> before = in_rows(network.parameters);
  try {
    train(network, all_rows(data), {}, options_of());
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "row 8: input 3: expected a finite number, found nan");
    EXPECT_EQ(error.category(), ErrorCategory::input);
  }
  EXPECT_EQ(in_rows(network.parameters), before);
  const Selection others{&data, {0, 1, 2, 3}};  // a row that is not chosen does not matter
  EXPECT_NO_THROW(train(network, others, {}, options_of()));
}

// A model file may be read before main() begins.
const std::string kFile = "/tmp/chainrule_misuse_" + std::to_string(getpid()) + ".safetensors";
const Model kLoadedEarly = [] {
  formats::save_model(model_samples::classes_model(), kFile, true);
  Model model = formats::load_model(kFile);
  std::remove(kFile.c_str());
  return model;
}();

TEST(RightUse, AModelLoadedBeforeMainIsWhole) {
  EXPECT_EQ(weights_sha256(kLoadedEarly.network), weights_sha256(model_samples::classes_model().network));
  EXPECT_EQ(kLoadedEarly.threshold, 0.31);
}

TEST(RightUse, ALossThatIsSetCounts) {
  Table table = table_of();
  table.columns.pop_back();
  FitOptions options = fit_options();
  options.data.task = static_cast<int>(Task::number);
  EXPECT_EQ(fit(table, options).model.loss.kind, LossKind::half_squared_error);
  options.train.loss = LossKind::huber;
  const FitResult result = fit(table, options);
  EXPECT_EQ(result.model.loss.kind, LossKind::huber);
  bool is_recorded = false;
  for (const auto& [key, value] : result.model.provenance.configuration)
    is_recorded = is_recorded || (key == "loss" && value == "huber");
  EXPECT_TRUE(is_recorded);
  set_option(options, "loss", "auto", "here");
  EXPECT_TRUE(options.loss_is_automatic());
}

TEST(RightUse, EverythingRightIsAccepted) {
  EXPECT_NO_THROW(train_on(dataset_of()));
  EXPECT_NO_THROW(fit(table_of(), fit_options()));
  Step s;
  EXPECT_EQ(s.state.learning_rate, s.options.learning_rate);
  EXPECT_GT(train_step(s.state, s.batch), 0);
  EXPECT_GT(train_step(s.state, s.batcher.gather(2, s.order)), 0);
  const Model model = model_samples::classes_model();
  EXPECT_NO_THROW(run_predictor(model, numbers(2, 3), {1, 0, 1}, 2));
  EXPECT_NO_THROW(NetworkPredictor(s.network, 1, 2));
  EXPECT_NO_THROW(predict(s.network, s.options.loss, s.rows));
  EXPECT_NO_THROW(evaluate(s.network, s.options.loss, s.rows));
  FitOptions tabular = fit_options();
  apply_preset(tabular, "tabular");
  EXPECT_EQ(tabular.preset(), "tabular");
}

TEST(RightUse, AMatrixThatWasMovedFromIsEmpty) {
  Matrix one(2, 3);
  const Matrix other = std::move(one);
  EXPECT_EQ(one.rows(), 0u);  // NOLINT: intended
  EXPECT_EQ(one.flat().size(), 0u);
  EXPECT_EQ(other.rows(), 2u);
}

TEST(RightUse, AViewOfTheCallersNumbersTrainsTheSame) {
  const Matrix values = numbers(12, 4);
  Dataset owned = dataset_of(), viewed = dataset_of();
  owned.inputs = Features(values);
  viewed.inputs = Features::view_of(values.flat(), 12, 4);
  Network a = network_of(), b = network_of();
  train(a, all_rows(owned), {}, options_of());
  train(b, all_rows(viewed), {}, options_of());
  EXPECT_EQ(in_rows(a.parameters), in_rows(b.parameters));
}

TEST(RightUse, AModelGoesThroughAStream) {
  const Model model = model_samples::classes_model();
  std::ostringstream stream;
  formats::save_model(model, stream);
  const std::string bytes = stream.str();
  const Model back = formats::load_model(std::as_bytes(std::span(bytes)));
  EXPECT_EQ(weights_sha256(back.network), weights_sha256(model.network));
  formats::save_model(model, kFile, true);
  EXPECT_EQ(weights_sha256(formats::load_model(kFile).network), weights_sha256(model.network));
  std::ifstream file(kFile, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), bytes);
  std::remove(kFile.c_str());
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 9)
    EXPECT_THROW(formats::load_model(std::as_bytes(std::span(bytes)).first(size)), Error) << size;
  stream.setstate(std::ios::badbit);
  EXPECT_THROW(formats::save_model(model, stream), Error);
}

// Multipliers apply from the next step on, wherever they are changed; 0 freezes with every optimizer.
TEST(RightUse, MultipliersThatAreChangedCount) {
  for (const std::string& name : optimizer_names()) {
    Network frozen = network_of(), by_hand = network_of(), built = network_of();
    frozen.architecture.layers[0].max_norm = 0.01;
    frozen.parameters.weights(0)(1, 1) = -0.0f;
    const std::vector<float> before = in_rows(frozen.parameters, frozen.parameters.segments()[0]);
    const std::vector<float> last = in_rows(frozen.parameters, frozen.parameters.segments()[1]);
    freeze(frozen, 0);
    TrainOptions options = options_of();
    options.optimizer = optimizer_from_name(name);
    options.weight_decay = 0.1;
    options.batch_size = 0;
    const Dataset data = dataset_of();
    train(frozen, all_rows(data), {}, options);
    const std::vector<float> after = in_rows(frozen.parameters, frozen.parameters.segments()[0]);
    for (std::size_t k = 0; k < before.size(); ++k)
      EXPECT_TRUE(before[k] == after[k] && std::signbit(before[k]) == std::signbit(after[k])) << name;
    EXPECT_NE(in_rows(frozen.parameters, frozen.parameters.segments()[1]), last) << name;

    by_hand.architecture.layers[0].weight_multiplier = 0.25;
    built = Network(by_hand.architecture);
    initialize(built, WeightScheme::automatic, BiasScheme::normal, 1);
    train(by_hand, all_rows(data), {}, options);
    train(built, all_rows(data), {}, options);
    EXPECT_EQ(in_rows(by_hand.parameters), in_rows(built.parameters)) << name;
  }
}

TEST(RightUse, WhatFillsUpTheLastLinesIsNotDecay) {
  for (const std::size_t outputs : {3, 16, 37}) {
    Network network = network_of(4, outputs);
    const double right = decay_term(network.parameters, 0.5);
    double squares = 0;
    for (const Segment& segment : network.parameters.segments())
      if (segment.kind == Segment::Kind::weights)
        for (const float w : in_rows(network.parameters, segment)) squares += double(w) * double(w);
    EXPECT_NEAR(right, 0.25 * squares, 1e-12 * squares);
    const std::vector<float> weights = in_rows(network.parameters);
    std::ranges::fill(network.parameters.flat(), 5.0f);
    set_rows(network.parameters, weights);
    EXPECT_EQ(decay_term(network.parameters, 0.5), right) << outputs;
  }
}

// dJ/dx against differences of the loss, with and without dropout of the inputs.
TEST(RightUse, InputGradientsAreDerivatives) {
  for (const double dropout : {0.0, 0.4}) {
    Step s;
    s.network.architecture.input_dropout = dropout;
    Workspace work(s.network.architecture, 4);
    Matrix inputs = numbers(4, 4), d_inputs(4, 4);
    const auto loss = [&] {
      forward(s.network, inputs.view(), {.seed = 3}, work);
      return loss_and_gradient(s.options.loss, s.batch, work);
    };
    loss();
    backward_deltas(s.network, work);
    input_gradients(s.network, work, d_inputs.view());
    for (std::size_t k = 0; k < 16; ++k) {
      const float x = inputs.flat()[k], h = 1.0f / 64;
      inputs.flat()[k] = x + h;
      const double above = loss();
      inputs.flat()[k] = x - h;
      const double below = loss();
      inputs.flat()[k] = x;
      EXPECT_NEAR(d_inputs.flat()[k], (above - below) / (2 * double(h)), 2e-4) << k << ", dropout " << dropout;
    }
  }
}

}  // namespace
}  // namespace chainrule::misuse::data_misuse_test
