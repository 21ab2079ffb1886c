// SPDX-License-Identifier: Apache-2.0
// The options of a training, and presets: settings that belong together; docs/cli.md describes each option by its name.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/train_options.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// All options of a configuration. Every one of them changes results.
struct FitOptions {
  EncoderOptions data;
  // Validation and test rows.
  double validation_split = 0.1;              ///< fraction of validation rows, in [0, 1); 0 = none
  double test_split = 0;                      ///< fraction of test rows, in [0, 1), measured once at the end; 0 = none
  std::size_t test_fold = 0, test_folds = 0;  ///< tests fold test_fold (from 1) of test_folds instead; 0 = no. The
                                              ///< rows of test_split are then left out
  std::string group;                          ///< column whose equal values stay together; "" = none
  std::string time;                           ///< column that orders the rows: the last ones validate; "" = none
  /// "last:10000", "first:500" or "101-200" (from 1, both included; numbers in the file); "" = by validation_split
  std::string validation_rows;
  bool stratify = true;  ///< keeps classes in proportion
  // The network.
  std::vector<std::size_t> hidden = {128};
  Activation activation = ActivationKind::silu;
  Activation output_activation = ActivationKind::identity;
  WeightScheme initial_weights = WeightScheme::automatic;
  BiasScheme initial_biases = BiasScheme::zero;
  bool zero_output = false;               ///< weights and biases of the last layer start at 0
  double dropout = 0, input_dropout = 0;  ///< fractions in [0, 1)
  double max_norm = 0;
  bool rate_by_width = false;  ///< divides the learning rate of weights by the root of their layer's inputs
  std::vector<double> weight_multiplier, bias_multiplier, decay_multiplier;  ///< per layer; one = all; none = 1
  // Classes: weights in the loss, and the threshold for predicting the second one.
  std::string class_weight = "none";      ///< "none", "balanced" or "yes=5,no=1"; classes not named: 1
  std::optional<double> threshold;        ///< in (0, 1), of two classes; none = the likelier class
  std::string threshold_metric = "none";  ///< "none", or the metric for which the threshold is chosen
  /// True: softmax cross-entropy for classes, half squared error for numbers, unless train.loss differs from its
  /// default kind. Set it to false to use half squared error for classes.
  bool automatic_loss = true;
  TrainOptions train;
  /// Options that were set by name, with the text of the value then; is_requested() reads it.
  std::map<std::string, std::string> requested;
  std::set<std::string> recorded;  ///< options that a recorded configuration has set

  /// The settings of preset "fast".
  FitOptions() {
    train.learning_rate = 0.002;
    train.schedule.kind = ScheduleKind::cosine;
    train.epochs = 100;
  }

  /// The last applied preset, one of preset_names(); only apply_preset() sets it.
  const std::string& preset() const { return preset_; }
  /// Whether the task decides the loss.
  bool loss_is_automatic() const { return automatic_loss && train.loss.kind == Loss().kind; }

 private:
  friend void apply_preset(FitOptions& options, const std::string& name);
  std::string preset_ = "fast";
};

/// Sets every option of a preset; "default" is another name of "fast". Throws Error (usage) for an unknown name.
void apply_preset(FitOptions& options, const std::string& name);
const std::vector<std::string>& preset_names();
/// options.data; where rows are split by time, without the preset's robust scaling and clamping, since what comes later
/// may lie beyond the training rows.
EncoderOptions options_beside_time(const FitOptions& options);
/// The preset for a table: "tabular", below 300 rows "small" (below 1,000 if rows are split by time: what comes later
/// lies beyond the training rows); "fast" for images.
std::string preset_for(const Table& table, bool by_time = false);

/// Sets one option by name, e.g. "learning_rate", from text; messages begin with `where`. Throws Error (usage) for a
/// wrong value, for an unknown name (with the nearest known one), and for an option without effect with the current
/// others (set the optimizer first). options_from() has no order.
void set_option(FitOptions& options, std::string_view name, std::string_view value, const std::string& where);

}  // namespace chainrule
#pragma GCC visibility pop
