// SPDX-License-Identifier: Apache-2.0
// The rows of the table of options, in the order of help. A new option needs a member of FitOptions and a row here:
// {name, group, name of the value in help, help}, its range, its member.
#include "chainrule/training/options/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/data/scaling.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/training/options/option_kinds.h"

namespace chainrule {
namespace {

using namespace option_kinds;
using Rows = std::vector<Option>;

constexpr std::uint64_t kMaxInnerFolds = 100;

void add_data(Rows& rows) {
  rows.push_back(choice(
      {"preset", "data", "NAME",
       "settings to start from: tabular, small (below 300 rows), fast or classic (textbook: sigmoids, plain gradient "
       "descent)"},
      preset_names(), [](FitOptions& o, std::string_view text) { apply_preset(o, std::string(text)); },
      [](const FitOptions& o) { return o.preset(); }));
  rows.push_back(free_text(
      {"target", "data", "COLUMN", "column to predict, by name or column number; empty = the last column"},
      [](auto& o) -> auto& { return o.data.target; }));
  rows.push_back(text_list(
      {"ignore", "data", "COLUMNS", "columns to leave out, by name or column number"},
      [](auto& o) -> auto& { return o.data.ignore; }));
  rows.push_back(free_text(
      {"weight", "data", "COLUMN", "column with the weight of each row; empty = equal weights"},
      [](auto& o) -> auto& { return o.data.weight; }));
  rows.push_back(class_weight(
      {"class-weight", "data", "WEIGHTS", "class weights in the loss: none, balanced, or a list such as yes=5,no=1"}));
  rows.back().task = Task::classes;
  rows.back().off = "none";
  rows.back().peers = "scikit-learn: class_weight; balanced is rows / (classes * rows of the class)";
  rows.push_back(text_list(
      {"categorical", "data", "COLUMNS",
       "numeric columns to treat as categories, by name or column number; text columns always are categories"},
      [](auto& o) -> auto& { return o.data.categorical; }));
  rows.push_back(text_list(
      {"numeric", "data", "COLUMNS",
       "columns to treat as numeric, by name or column number, even if they look like row numbers or IDs; text in "
       "them counts as a missing value"},
      [](auto& o) -> auto& { return o.data.numeric; }));
  rows.push_back(text_list(
      {"missing", "data", "TEXTS",
       "texts that mean a missing value, in addition to empty fields, NA, N/A, null, nan and ?"},
      [](auto& o) -> auto& { return o.data.missing; }));
  rows.back().peers = "pandas: na_values";
  rows.push_back(flag(
      {"default-missing", "data", "", "NA, N/A, null, nan and ? mean a missing value"},
      [](auto& o) -> auto& { return o.data.default_missing; }));
  rows.back().peers = "pandas: keep_default_na";
  rows.push_back(flag(
      {"decimal-comma", "data", "",
       "numbers have a decimal comma (3,14); fields are separated by semicolons or tabs, or quoted"},
      [](auto& o) -> auto& { return o.data.decimal_comma; }));
  rows.back().peers = "pandas: decimal=','";
  static const std::vector<std::string> separators(kThousandsNames.begin(), kThousandsNames.end());
  rows.push_back(choice(
      {"thousands", "data", "NAME",
       "what stands between thousands: comma (1,234.5), point (1.234,5), space or apostrophe; auto reads them where "
       "all fields of a column have one reading"},
      separators,
      [](FitOptions& o, std::string_view text) {
        o.data.thousands = kThousands[index_of_name(text, separators, "thousands")];
      },
      [](const FitOptions& o) {
        const auto at = std::ranges::find(kThousands, o.data.thousands) - kThousands.begin();
        return separators[static_cast<std::size_t>(at)];
      }));
  rows.back().peers = "pandas: thousands=','";
  static const std::vector<std::string> orders(kDateOrders.begin(), kDateOrders.end());
  rows.push_back(choice(
      {"date-order", "data", "ORDER",
       "order of day, month and year in dates such as 01/02/03: dmy, mdy or ymd; auto decides where all fields of a "
       "column have one reading"},
      orders,
      [](FitOptions& o, std::string_view text) {
        o.data.date_order = static_cast<DateOrder>(index_of_name(text, orders, "date-order"));
      },
      [](const FitOptions& o) { return orders[static_cast<std::size_t>(o.data.date_order)]; }));
  rows.back().peers = "pandas: dayfirst";
  rows.push_back(text_list(
      {"date", "data", "COLUMNS",
       "columns to treat as dates or times, by name or column number, even if written as 20240131"},
      [](auto& o) -> auto& { return o.data.date; }));
  static const std::vector<std::string> tasks{"auto", "classes", "number"};
  rows.push_back(choice(
      {"task", "data", "TASK",
       "what to predict: classes (classification) or a number (regression); auto decides from the target"},
      tasks,
      [](FitOptions& o, std::string_view text) {
        o.data.task = static_cast<int>(index_of_name(text, tasks, "task")) - 1;
      },
      [](const FitOptions& o) { return tasks[static_cast<std::size_t>(o.data.task + 1)]; }));
  rows.push_back(scaling_choice(
      {"scaling", "data", "HOW",
       "how to scale inputs: standard (mean 0, standard deviation 1), range (0 to 1), robust (by quartiles, outliers "
       "compressed smoothly), quantile (to a normal distribution) or none"},
      scaling_names().size(), [](auto& o) -> auto& { return o.data.scaling; }));
  rows.push_back(scaling_choice(
      {"target-scaling", "data", "HOW", "how to scale a numeric target: none, standard or range"}, 3,
      [](auto& o) -> auto& { return o.data.target_scaling; }));
  rows.back().task = Task::number;
  rows.back().off = "none";
  rows.push_back(flag(
      {"clamp-predictions", "data", "", "clamp predicted numbers to the range of the training targets"},
      [](auto& o) -> auto& { return o.data.clamp_predictions; }));
  rows.back().task = Task::number;
  rows.back().off = "false";
}

void add_rows(Rows& rows) {
  rows.push_back(number(
      {"validation-split", "rows", "FRACTION",
       "fraction of the rows left after the test rows to use for validation, drawn at random; 0 = no validation rows"},
      kFraction, [](auto& o) -> auto& { return o.validation_split; }));
  rows.back().used_with = {"validation-rows", {""}};
  rows.back().peers = "scikit-learn: validation_fraction; Keras takes the last rows";
  rows.push_back(validation_rows(
      {"validation-rows", "rows", "ROWS",
       "rows of the file to use for validation instead: last:1000, first:500 or 101-200 (counted from 1)"}));
  rows.push_back(flag(
      {"stratify", "rows", "", "keep the class proportions in validation and test rows"},
      [](auto& o) -> auto& { return o.stratify; }));
  rows.back().task = Task::classes;
  rows.back().off = "false";
  rows.push_back(free_text(
      {"group", "rows", "COLUMN",
       "column that defines groups: all rows of a group go to the same set (training, validation or test); not an "
       "input unless listed in categorical"},
      [](auto& o) -> auto& { return o.group; }));
  rows.back().peers = "scikit-learn: groups, GroupShuffleSplit";
  rows.push_back(free_text(
      {"time", "rows", "COLUMN",
       "column of numbers or dates such as 2024-03-31; the latest rows become validation and test rows"},
      [](auto& o) -> auto& { return o.time; }));
  rows.back().used_with = {"group", {""}};
  rows.push_back(number(
      {"test-split", "rows", "FRACTION",
       "fraction of the rows to use for the final test: no decision uses them; they are scored once, at the end"},
      kFraction, [](auto& o) -> auto& { return o.test_split; }));
  rows.back().peers = "scikit-learn: train_test_split(test_size)";
  rows.push_back(fold({"test-fold", "rows", "K/N",
                       "use fold K of N as the test rows, e.g. 3/10, with the folds of cv; rows drawn by test-split "
                       "are not used at all"}));
}

void add_network(Rows& rows) {
  rows.push_back(
      hidden_sizes({"hidden", "network", "SIZES", "units of each hidden layer, e.g. 64,32; none = no hidden layer"}));
  rows.back().peers = "scikit-learn: hidden_layer_sizes";
  rows.push_back(choice(
      {"activation", "network", "NAME", "activation function of the hidden layers"}, activation_names(),
      [](FitOptions& o, std::string_view text) { o.activation = activation_from_name(text); },
      [](const FitOptions& o) { return activation_name(o.activation); }));
  rows.back().peers = "scikit-learn and Keras: the same; the names logistic and linear are understood";
  rows.push_back(choice(
      {"output-activation", "network", "NAME", "activation function of the last layer (softmax is part of the loss)"},
      activation_names(),
      [](FitOptions& o, std::string_view text) { o.output_activation = activation_from_name(text); },
      [](const FitOptions& o) { return activation_name(o.output_activation); }));
  rows.push_back(choice(
      {"initial-weights", "network", "NAME",
       "how to initialize weights; auto chooses by the activation, normal draws from N(0, 1)"},
      weight_scheme_names(),
      [](FitOptions& o, std::string_view text) { o.initial_weights = weight_scheme_from_name(text); },
      [](const FitOptions& o) { return name_of(o.initial_weights); }));
  rows.push_back(choice(
      {"initial-biases", "network", "NAME", "how to initialize biases"}, bias_scheme_names(),
      [](FitOptions& o, std::string_view text) { o.initial_biases = bias_scheme_from_name(text); },
      [](const FitOptions& o) { return name_of(o.initial_biases); }));
  rows.push_back(flag(
      {"zero-output", "network", "",
       "start the last layer at 0, so that the first predictions are the mean, or the same for all classes"},
      [](auto& o) -> auto& { return o.zero_output; }));
  rows.push_back(number(
      {"dropout", "network", "FRACTION", "fraction of hidden units set to 0 in each training step"}, kFraction,
      [](auto& o) -> auto& { return o.dropout; }));
  rows.push_back(number(
      {"input-dropout", "network", "FRACTION", "fraction of inputs set to 0 in each training step"}, kFraction,
      [](auto& o) -> auto& { return o.input_dropout; }));
  rows.push_back(number(
      {"max-norm", "network", "NORM", "maximum norm of a unit's incoming weights; 0 = no limit"}, kNotNegative,
      [](auto& o) -> auto& { return o.max_norm; }));
  rows.push_back(flag(
      {"rate-by-width", "network", "",
       "divide the learning rate of a layer's weights by the square root of its number of inputs"},
      [](auto& o) -> auto& { return o.rate_by_width; }));
  rows.back().peers = "equivalent to the NTK parametrization with Adam";
  rows.push_back(per_layer(
      {"weight-multiplier", "network", "FACTORS",
       "factors for the learning rate of the weights: one for all layers, or one per layer"},
      [](auto& o) -> auto& { return o.weight_multiplier; }));
  rows.back().peers = "Caffe: lr_mult; PyTorch: parameter groups";
  rows.push_back(per_layer(
      {"bias-multiplier", "network", "FACTORS",
       "factors for the learning rate of the biases: one for all layers, or one per layer"},
      [](auto& o) -> auto& { return o.bias_multiplier; }));
  rows.back().peers = "Caffe: lr_mult of the bias";
  rows.push_back(per_layer(
      {"decay-multiplier", "network", "FACTORS", "factors for the weight decay: one for all layers, or one per layer"},
      [](auto& o) -> auto& { return o.decay_multiplier; }));
  rows.back().used_with = {"weight-decay", {}, "0"};
  rows.back().peers = "Caffe: decay_mult";
}

void add_training(Rows& rows) {
  rows.push_back(loss_choice(
      {"loss", "training", "NAME",
       "loss function; auto is softmax_cross_entropy for classification, half_squared_error for regression"}));
  rows.push_back(number(
      {"huber-delta", "training", "SIZE", "error above which the loss grows linearly"}, kPositive,
      [](auto& o) -> auto& { return o.train.loss.huber_delta; }));
  rows.back().used_with = {"loss", {"huber"}};
  rows.push_back(number(
      {"label-smoothing", "training", "FRACTION", "fraction of each target to spread evenly over all classes"},
      kFraction, [](auto& o) -> auto& { return o.train.loss.label_smoothing; }));
  rows.back().used_with = {"loss", {"auto", "softmax_cross_entropy", "sigmoid_cross_entropy"}};
  rows.back().task = Task::classes;
  rows.back().off = "0";
  rows.push_back(whole(
      {"epochs", "training", "N", "maximum number of passes over the training rows"}, 1, kMaxEpochs,
      [](auto& o) -> auto& { return o.train.epochs; }));
  rows.back().peers = "scikit-learn: max_iter";
  rows.push_back(
      batch_size({"batch-size", "training", "ROWS", "rows per step, or all; the last batch may be smaller"}));
  rows.back().peers = "PyTorch: drop_last=False";
  rows.push_back(flag(
      {"shuffle", "training", "", "shuffle the rows in every epoch"},
      [](auto& o) -> auto& { return o.train.shuffle; }));
  rows.push_back(whole(
      {"seed", "training", "N", "seed of all random choices"}, 0, std::numeric_limits<std::uint64_t>::max(),
      [](auto& o) -> auto& { return o.train.seed; }));
}

void add_optimizer(Rows& rows) {
  rows.push_back(choice(
      {"optimizer", "optimization", "NAME", "update rule; rprop sets batch-size all and schedule constant"},
      optimizer_names(), [](FitOptions& o, std::string_view text) { o.train.optimizer = optimizer_from_name(text); },
      [](const FitOptions& o) { return optimizer_name(o.train.optimizer); }));
  rows.push_back(number(
      {"learning-rate", "optimization", "RATE", "step size"}, kPositive,
      [](auto& o) -> auto& { return o.train.learning_rate; }));
  rows.back().aliases = {"lr"};
  rows.back().peers = "scikit-learn: learning_rate_init (its learning_rate is the schedule); PyTorch: lr";
  rows.push_back(
      optimizer_number({"momentum", "optimization", "FRACTION", "fraction of the velocity kept in each step"},
                       kFraction, [](auto& rule, auto*& found) {
                         if constexpr (requires { rule.momentum; }) found = &rule.momentum;
                       }));
  rows.back().peers = "as in PyTorch, the velocity does not include the learning rate";
  rows.push_back(optimizer_number({"rho", "optimization", "FRACTION", "fraction of the mean square kept in each step"},
                                  kFraction, [](auto& rule, auto*& found) {
                                    if constexpr (requires { rule.rho; }) found = &rule.rho;
                                  }));
  rows.push_back(
      optimizer_number({"beta1", "optimization", "FRACTION", "fraction of the mean gradient kept in each step"},
                       kFraction, [](auto& rule, auto*& found) {
                         if constexpr (requires { rule.beta1; }) found = &rule.beta1;
                       }));
  rows.back().peers = "PyTorch: betas";
  rows.push_back(
      optimizer_number({"beta2", "optimization", "FRACTION", "fraction of the mean square kept in each step"},
                       kFraction, [](auto& rule, auto*& found) {
                         if constexpr (requires { rule.beta2; }) found = &rule.beta2;
                       }));
  rows.back().peers = "PyTorch: betas";
  rows.push_back(optimizer_number(
      {"epsilon", "optimization", "SIZE", "added to the root of the mean square, to avoid division by 0"}, kPositive,
      [](auto& rule, auto*& found) {
        if constexpr (requires { rule.epsilon; }) found = &rule.epsilon;
      }));
  rows.back().peers = "PyTorch: eps, 1e-8; Keras: 1e-7";
  rows.push_back(number(
      {"weight-decay", "optimization", "LAMBDA",
       "add LAMBDA / 2 * sum of squared weights to the mean loss; with adamw, decay is decoupled from the loss"},
      kNotNegative, [](auto& o) -> auto& { return o.train.weight_decay; }));
  rows.back().peers = "scikit-learn: alpha / rows; Keras: l2(LAMBDA / 2); PyTorch also decays biases";
  rows.push_back(number(
      {"clip-norm", "optimization", "NORM", "scale down gradients with a larger norm to this norm; 0 = never"},
      kNotNegative, [](auto& o) -> auto& { return o.train.clip_norm; }));
}

Range schedule_factor_range(const FitOptions& o) {
  return o.train.schedule.kind == ScheduleKind::inverse ? kNotNegative : kFractionAboveZero;
}

void add_schedule(Rows& rows) {
  rows.push_back(choice(
      {"schedule", "schedule", "NAME",
       "how the learning rate changes during training; coslog4 is four cosine cycles, each twice as long as the one "
       "before (docs/presets.md)"},
      schedule_names(), [](FitOptions& o, std::string_view text) { o.train.schedule.kind = schedule_from_name(text); },
      [](const FitOptions& o) { return schedule_name(o.train.schedule.kind); }));
  rows.push_back(number(
      {"schedule-factor", "schedule", "FACTOR", "factor of each decrease; for inverse, the rate of the decrease"},
      schedule_factor_range, [](auto& o) -> auto& { return o.train.schedule.factor; }));
  rows.back().used_with = {"schedule", {"step", "exponential", "inverse"}};
  rows.push_back(number(
      {"schedule-every", "schedule", "EPOCHS", "epochs between two decreases"}, kPositive,
      [](auto& o) -> auto& { return o.train.schedule.every; }));
  rows.back().used_with = {"schedule", {"step"}};
  rows.push_back(number(
      {"schedule-power", "schedule", "POWER", "exponent of the curve"}, kPositive,
      [](auto& o) -> auto& { return o.train.schedule.power; }));
  rows.back().used_with = {"schedule", {"inverse", "polynomial"}};
  rows.push_back(number(
      {"schedule-final", "schedule", "FRACTION", "fraction of the learning rate left at the end"}, Range{0, 1},
      [](auto& o) -> auto& { return o.train.schedule.final; }));
  rows.back().used_with = {"schedule", {"polynomial", "cosine", "one_cycle"}};
  rows.push_back(number(
      {"warmup-epochs", "schedule", "EPOCHS", "epochs in which the learning rate rises from 0 before the schedule"},
      kNotNegative, [](auto& o) -> auto& { return o.train.schedule.warmup_epochs; }));
  rows.push_back(whole(
      {"plateau-patience", "schedule", "EPOCHS",
       "epochs without a better metric before the learning rate is lowered; 0 = never"},
      0, kMaxEpochs, [](auto& o) -> auto& { return o.train.plateau_patience; }));
  rows.push_back(number(
      {"plateau-factor", "schedule", "FACTOR", "factor by which plateau-patience lowers the learning rate"}, kInside,
      [](auto& o) -> auto& { return o.train.plateau_factor; }));
  rows.back().used_with = {"plateau-patience", {}, "0"};
}

void add_stopping(Rows& rows) {
  rows.push_back(choice(
      {"metric", "stopping", "NAME",
       fmt::format(
           "metric on the validation rows that decides which epoch is best; for classification: {}; for regression: {}",
           one_of(metric_names(true)), one_of(metric_names(false)))},
      all_metrics(),
      [](FitOptions& o, std::string_view text) {
        o.train.metric = all_metrics()[index_of_name(text, all_metrics(), "metric")];
      },
      [](const FitOptions& o) { return o.train.metric; }));
  rows.push_back(whole(
      {"patience", "stopping", "EPOCHS", "epochs without a better metric before training stops; 0 = never"}, 0,
      kMaxEpochs, [](auto& o) -> auto& { return o.train.patience; }));
  rows.back().peers = "scikit-learn: n_iter_no_change; Keras: EarlyStopping";
  rows.push_back(number(
      {"min-delta", "stopping", "SIZE", "minimum change that counts as better"}, kNotNegative,
      [](auto& o) -> auto& { return o.train.min_delta; }));
  rows.push_back(flag(
      {"restore-best", "stopping", "", "end with the weights of the best epoch"},
      [](auto& o) -> auto& { return o.train.restore_best; }));
  rows.push_back(whole(
      {"inner-folds", "stopping", "N",
       "number of folds of the training rows that choose the epoch, if the validation rows are fewer than 30 and no "
       "option names them; 0 = the validation rows choose"},
      0, kMaxInnerFolds, [](auto& o) -> auto& { return o.train.inner_folds; }));
}

void add_decision(Rows& rows) {
  static const std::vector<std::string> metrics = with_none(threshold_metric_names());
  rows.push_back(choice(
      {"threshold-metric", "decision", "NAME",
       "for two classes: choose the threshold with the best value of this metric on the validation rows"},
      metrics,
      [](FitOptions& o, std::string_view text) {
        o.threshold_metric = metrics[index_of_name(text, metrics, "threshold_metric")];
      },
      [](const FitOptions& o) { return o.threshold_metric; }));
  rows.back().peers = "scikit-learn: TunedThresholdClassifierCV(scoring)";
  rows.push_back(threshold({"threshold", "decision", "P",
                            "for two classes: predict the positive class, which is the second label, if its "
                            "probability is at least P; none = "
                            "predict the likelier class"}));
  rows.back().used_with = {"threshold-metric", {"none"}};
}

// An option that is set by name is requested. The preset itself is not: others are compared with it.
void note_requests(Option& option) {
  if (option.name == "preset") return;
  option.set = [set = std::move(option.set), get = option.get, key = option.key()](FitOptions& options,
                                                                                   std::string_view text) {
    std::string expected = set(options, text);
    if (expected.empty()) options.requested[key] = get(options);
    return expected;
  };
}

std::vector<Option> make_table() {
  std::vector<Option> rows;
  for (const auto add :
       {add_data, add_rows, add_network, add_training, add_optimizer, add_schedule, add_stopping, add_decision})
    add(rows);
  for (Option& option : rows) note_requests(option);
  return rows;
}

}  // namespace

const std::vector<Option>& option_table() {
  static const std::vector<Option> table = make_table();
  return table;
}

std::string as_key(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

FitOptions defaults_with(const Option& option) {
  FitOptions options;
  if (!is_used(option, options) && !option.used_with.values.empty())
    find_option(option.used_with.option)->set(options, option.used_with.values.front());
  return options;
}

std::string OptionUse::words() const {
  if (values.empty()) return fmt::format("{} other than {}", option, idle);
  return values.front().empty() ? "no " + option : option + " " + one_of(values);
}

std::string Option::key() const { return as_key(name); }

const Option* find_option(std::string_view name) {
  const std::string key = as_key(name);
  for (const Option& option : option_table()) {
    if (option.key() == key) return &option;
    for (const std::string& alias : option.aliases)
      if (as_key(alias) == key) return &option;
  }
  return nullptr;
}

std::string default_value(const Option& option) { return option.get(defaults_with(option)); }

bool is_requested(const FitOptions& options, std::string_view name) {
  const Option* const option = find_option(name);
  if (option == nullptr) throw Error(ErrorCategory::usage, "unknown option " + in_quotes(name));
  const std::string value = option->get(options);
  const auto noted = options.requested.find(option->key());
  if (noted != options.requested.end() && noted->second == value) return true;
  FitOptions preset;
  apply_preset(preset, options.preset());
  return value != option->get(preset);
}

bool is_used(const Option& option, const FitOptions& options) {
  if (option.used_with.option.empty()) return true;
  const std::string other = find_option(option.used_with.option)->get(options);
  const std::vector<std::string>& users = option.used_with.values;
  if (users.empty()) return other != option.used_with.idle;
  return std::find(users.begin(), users.end(), other) != users.end();
}

}  // namespace chainrule
