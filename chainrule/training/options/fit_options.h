// SPDX-License-Identifier: Apache-2.0
// What a training can be asked for, and the presets: settings that go together.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/data/encoder_plan.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/train_options.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Everything that a configuration can say; options.h describes each by name. All of it changes results.
struct FitOptions {
  EncoderOptions data;
  // Rows held out to watch the training.
  double validation_split = 0.1;              ///< share, in [0, 1); 0 = none
  double test_split = 0;                      ///< share kept from all decisions, in [0, 1): measured once, at the end
  std::size_t test_fold = 0, test_folds = 0;  ///< fold test_fold (from 1) of so many is tested instead; 0 = none.
                                              ///< Rows that test_split keeps are then left out of everything
  std::string group;                          ///< column whose equal values stay on one side; "" = none
  std::string time;                           ///< column whose last rows are held out; "" = none
  /// "last:10000", "first:500" or "101-200" (from 1, both included; as numbered in the file); "" = by share
  std::string validation_rows;
  bool stratify = true;  ///< classes in proportion
  // The network.
  std::vector<std::size_t> hidden = {128};
  Activation activation = ActivationKind::silu;
  Activation output_activation = ActivationKind::identity;
  WeightScheme initial_weights = WeightScheme::automatic;
  BiasScheme initial_biases = BiasScheme::zero;
  bool zero_output = false;               ///< weights and biases of the last layer start at 0
  double dropout = 0, input_dropout = 0;  ///< shares in [0, 1)
  double max_norm = 0;
  bool rate_by_width = false;  ///< weights learn at the learning rate / root of their layer's inputs
  std::vector<double> weight_multiplier, bias_multiplier, decay_multiplier;  ///< per layer; one = all; none = 1
  // Classes: what counts more in the loss, and from which probability on the second one is predicted.
  std::string class_weight = "none";      ///< "none", "balanced" or "yes=5,no=1"; classes not named: 1
  std::optional<double> threshold;        ///< in (0, 1), of two classes; none = the likelier class
  std::string threshold_metric = "none";  ///< "none", or what the threshold shall make best on the validation rows
  /// Softmax cross-entropy for classes, half squared error for numbers; unless train.loss is of another kind than it is
  /// at first: then that one is meant. Set false for half squared error of classes.
  bool automatic_loss = true;
  TrainOptions train;

  /// The settings of preset "fast".
  FitOptions() {
    train.learning_rate = 0.002;
    train.schedule.kind = ScheduleKind::cosine;
    train.epochs = 100;
  }

  /// The preset that was applied last, one of preset_names(); apply_preset() alone sets it.
  const std::string& preset() const { return preset_; }
  /// Whether the task decides on the loss.
  bool loss_is_automatic() const { return automatic_loss && train.loss.kind == Loss().kind; }

 private:
  friend void apply_preset(FitOptions& options, const std::string& name);
  std::string preset_ = "fast";
};

/// Sets every option that a preset speaks of; "default" is another name of "fast". Throws Error (usage) for an unknown
/// name.
void apply_preset(FitOptions& options, const std::string& name);
const std::vector<std::string>& preset_names();
/// What suits what a table holds: "tabular", or "fast" for images.
std::string preset_for(const Table& table);

}  // namespace chainrule
#pragma GCC visibility pop
