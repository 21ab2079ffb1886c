// SPDX-License-Identifier: Apache-2.0
// The presets. docs/presets.md gives their sources and measurements.
#include "chainrule/training/options/fit_options.h"

#include "chainrule/base/checks.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"

namespace chainrule {
namespace {

// The article's network: sigmoid everywhere, half squared error, plain gradient descent, N(0, 1). Rate, batch and
// epochs are those of Nielsen's first MNIST network (Neural Networks and Deep Learning, chapter 1).
void be_classic(FitOptions& options) {
  options.hidden = {30};
  options.activation = ActivationKind::sigmoid;
  options.output_activation = ActivationKind::sigmoid;
  options.initial_weights = WeightScheme::normal;
  options.initial_biases = BiasScheme::normal;
  options.automatic_loss = false;
  options.train.loss = LossKind::half_squared_error;
  options.data.target_scaling = Scaling::range;
  options.train.optimizer = Sgd{};
  options.train.schedule = Schedule{};
  options.train.learning_rate = 3;
  options.train.weight_decay = 0;
  options.train.batch_size = 10;
  options.train.epochs = 30;
  options.train.patience = 0;
}

// After RealMLP-TD-S (Holzmueller, Grinsztajn & Steinwart 2024, Better by Default).
void be_tabular(FitOptions& options) {
  options.data.scaling = Scaling::robust;
  options.data.clamp_predictions = true;
  options.hidden = {256, 256, 256};
  options.activation = ActivationKind::mish;
  options.initial_weights = WeightScheme::lecun_normal;
  options.initial_biases = BiasScheme::normal;
  options.zero_output = true;
  options.rate_by_width = true;
  options.dropout = 0.15;
  options.bias_multiplier = {0.1};
  options.train.optimizer = Adam{.beta1 = 0.9, .beta2 = 0.95};
  options.train.learning_rate = 0.04;
  options.train.schedule.kind = ScheduleKind::coslog4;
  options.train.loss.label_smoothing = 0.03;
  options.train.batch_size = 256;
  options.train.epochs = 64;
  options.train.inner_folds = 5;
}

// 64 epochs of so few rows are too few steps. docs/presets.md has the
// measurements.
void be_small(FitOptions& options) {
  be_tabular(options);
  options.data.scaling = Scaling::standard;
  options.data.clamp_predictions = false;
  options.dropout = 0;
  options.train.weight_decay = 0.002;
  options.train.epochs = 256;
}

constexpr std::size_t kFewRows = 300, kFewRowsByTime = 1000;

constexpr void (*kPresets[])(FitOptions&) = {[](FitOptions&) {}, be_tabular, be_small, be_classic};

}  // namespace

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = {"fast", "tabular", "small", "classic"};
  return names;
}

std::string preset_for(const Table& table, bool by_time) {
  if (table.has_images()) return "fast";
  return table.rows > 0 && table.rows < (by_time ? kFewRowsByTime : kFewRows) ? "small" : "tabular";
}

void apply_preset(FitOptions& options, const std::string& name) {
  const std::size_t preset = index_of_name(name == "default" ? "fast" : name, preset_names(), "preset");
  const FitOptions defaults;
  options.preset_ = preset_names()[preset];
  options.hidden = defaults.hidden;
  options.activation = defaults.activation;
  options.output_activation = defaults.output_activation;
  options.initial_weights = defaults.initial_weights;
  options.initial_biases = defaults.initial_biases;
  options.zero_output = defaults.zero_output;
  options.rate_by_width = defaults.rate_by_width;
  options.dropout = defaults.dropout;
  options.bias_multiplier = defaults.bias_multiplier;
  options.automatic_loss = defaults.automatic_loss;
  options.data.scaling = defaults.data.scaling;
  options.data.target_scaling = defaults.data.target_scaling;
  options.data.clamp_predictions = defaults.data.clamp_predictions;
  const std::uint64_t seed = options.train.seed;
  options.train = defaults.train;
  options.train.seed = seed;
  kPresets[preset](options);
}

EncoderOptions options_beside_time(const FitOptions& options) {
  EncoderOptions data = options.data;
  const auto is_given = [&](const char* name) {
    return options.recorded.contains(name) || is_requested(options, name);
  };
  if (options.time.empty()) return data;
  if (!is_given("clamp_predictions")) data.clamp_predictions = false;
  // Robust scaling compresses what lies beyond: a trend would end there.
  if (!is_given("scaling") && data.scaling == Scaling::robust) data.scaling = Scaling::standard;
  return data;
}

void set_option(FitOptions& options, std::string_view name, std::string_view value, const std::string& where) {
  assign(options, {std::string(name), std::string(value), where});
}

}  // namespace chainrule
