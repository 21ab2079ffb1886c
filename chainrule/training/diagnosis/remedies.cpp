// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/diagnosis/remedies.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "chainrule/base/error.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/rates/learning_rate_finder.h"

namespace chainrule {
namespace {

using enum FindingKind;

constexpr double kWorkOfATrial = 2e10, kTooMuchWork = 1e11;  // multiplications
constexpr double kHelped = 0.8, kReleased = 0.6;             // of what remained of the baseline's loss
constexpr double kWellLearned = 0.2;                         // a remedy with less left needs no better learning rate
constexpr double kMayBeStopped = 0.25;                       // with more left, options may stop learning
constexpr const char* kRate = "learning_rate";

bool sets(const Remedy& remedy, std::string_view key) {
  return std::ranges::any_of(remedy, [&](const NamedOption& one) { return one.key == key; });
}

// Whether a preset leaves this option as it is: those that say what is read and predicted, and which rows are held out.
bool survives_a_preset(const Option& option) {
  if (option.group == "rows") return true;
  const std::string key = option.key();
  return option.group == "data" && key != "preset" && key != "scaling" && key != "target_scaling" &&
         key != "clamp_predictions";
}

/// Trains with remedies.
class Trials {
 public:
  Trials(const Model& model, const Table& table, const DiagnosisOptions& how)
      : model_(model), table_(table), how_(how) {
    observer_.should_stop = how.should_stop;
  }

  std::size_t trainings() const { return trainings_; }
  bool stopped() const { return how_.should_stop && how_.should_stop(); }

  /// What remains of the baseline's loss on validation rows after a training with this remedy: infinite if it diverges;
  /// none if it cannot be tried.
  std::optional<double> remaining_after(const Remedy& remedy) {
    const auto [at, is_new] = losses_.try_emplace(advice_of(remedy).text());
    if (is_new) at->second = train(remedy, false);
    return at->second;
  }

  /// The same after a training as the model's own, on all rows, as the model is judged.
  std::optional<double> remaining_after_the_same() { return train({}, true); }

  /// The remedy with the learning rate that a range test finds for it; none if it finds none.
  std::optional<Remedy> with_found_rate(Remedy remedy) {
    std::erase_if(remedy, [](const NamedOption& one) { return one.key == kRate; });
    const auto [at, is_new] = rates_.try_emplace(advice_of(remedy).text());
    if (is_new) at->second = rate_for(remedy);
    if (at->second.empty()) return std::nullopt;
    remedy.push_back({kRate, at->second});
    return remedy;
  }

 private:
  std::optional<double> train(const Remedy& remedy, bool on_all_rows) {
    if (stopped()) return std::nullopt;
    try {
      FitOptions options = trial_options(remedy);
      const FitPlan plan = plan_fit(table_, options);
      if (!fits(plan, options)) return std::nullopt;
      const FitData data = encode_fit(plan, table_);
      ++trainings_;
      const FitResult result = fit(plan, data, options, observer_, how_.threads);
      if (stopped()) return std::nullopt;
      const Selection rows = on_all_rows ? all_rows(data.rows) : data.validation_rows();
      const double minimum = minimum_loss(plan.loss, rows), baseline = baseline_loss(plan.loss, rows);
      if (!(baseline > minimum)) return std::nullopt;
      const Metrics metrics = evaluate(result.model.network, plan.loss, rows, how_.threads);
      return (find_metric(metrics, "loss")->value - minimum) / (baseline - minimum);
    } catch (const Error& error) {
      if (error.category() == ErrorCategory::numerics) return std::numeric_limits<double>::infinity();
      return std::nullopt;
    }
  }

  std::string rate_for(const Remedy& remedy) const {
    if (stopped()) return "";
    try {
      FitOptions options = trial_options(remedy);
      if (std::holds_alternative<Rprop>(options.train.optimizer)) return "";
      const FitPlan plan = plan_fit(table_, options);
      if (!fits(plan, options)) return "";
      const FitData data = encode_fit(plan, table_);
      const double rate = find_learning_rate(plan, data, options, {how_.threads, how_.should_stop}).suggested;
      return std::isnan(rate) ? "" : fmt::format("{:.2g}", rate);
    } catch (const Error&) {
      return "";
    }
  }

  FitOptions trial_options(const Remedy& remedy) const {
    FitOptions options = options_with(model_, remedy);
    options.test_split = 0;
    options.test_fold = options.test_folds = 0;
    options.train.inner_folds = 0;  // six times as long
    if (options.validation_split == 0 && options.validation_rows.empty()) options.validation_split = 0.2;
    return options;
  }

  // Reduces the number of epochs to what a trial may take; false if even that is too much.
  static bool fits(const FitPlan& plan, FitOptions& options) {
    const double epoch =
        3 * static_cast<double>(parameter_count(plan.architecture)) * static_cast<double>(plan.split.training.size());
    const double epochs = std::clamp(kWorkOfATrial / epoch, 1.0, static_cast<double>(options.train.epochs));
    options.train.epochs = static_cast<std::size_t>(epochs);
    return epoch < kTooMuchWork && !plan.split.validation.empty();
  }

  const Model& model_;
  const Table& table_;
  const DiagnosisOptions& how_;
  Observer observer_;
  std::size_t trainings_ = 0;
  std::map<std::string, std::optional<double>> losses_;  // of remedies that were tried
  std::map<std::string, std::string> rates_;             // found for remedies; "" = none
};

// -- options that can stop learning ----------------------------------------------------------------------------------

struct Brake {
  const char *key, *usual;  ///< an option, and the value with which it does no harm
  const char* harm;
};

constexpr Brake kBrakes[] = {
    {"clip_norm", "0", "cuts every larger gradient to this norm, so that steps are small"},
    {"epsilon", "1e-08", "is added to the root mean square of the gradient; a large one makes steps small"},
    {"weight_multiplier", "1", "multiplies the learning rate of weights; a layer with factor 0 does not learn"},
    {"weight_decay", "0", "draws all weights to 0; a large one leaves no weight for the data"},
    {"max_norm", "0", "limits the weights of each unit; a small limit lets no signal pass"},
    {"dropout", "0", "sets this fraction of the hidden units to 0 in each step; too few are left to learn"},
    {"input_dropout", "0", "sets this fraction of the inputs to 0 in each step; too few are left to learn from"},
    {"label_smoothing", "0", "spreads this fraction of each target over all classes; little of it is left"},
    {"warmup_epochs", "0", "raises the learning rate from 0 over so many epochs; the training ends before"},
    {"schedule", "constant", "changes the learning rate during training; it falls before the network has learned"},
    {"momentum", "0.9", "is the fraction of the last step that is repeated; a large one overshoots the minimum"},
    {"patience", "0", "ends training after so many epochs without a better metric; it ends too early"},
};

constexpr Brake kOthers[] = {
    {"activation", "silu", "makes all layers together one linear function, so they learn no bends"},
    {"hidden", "128", "leaves one linear function of the inputs, which learns no bends"},
};

constexpr double kFewSteps = 2000;  // of a training that has not learned

Finding harm_of(const Examination& e, const std::string& key, const std::string& value, const std::string& usual,
                const std::string& harm) {
  Finding finding{option_harmful,
                  0,
                  e.remaining(),
                  kNoBetter,
                  message_of(NamedOption{key, value}, " ", harm,
                             fmt::format("; {:.3g} % of the baseline's loss remains", 100 * e.remaining())),
                  {}};
  finding.remedies = {{{key, usual}}};
  if (key == "weight_multiplier") finding.remedies[0].push_back({"bias_multiplier", "1"});
  return finding;
}

std::vector<Finding> harmful_options(const Examination& e) {
  std::vector<Finding> found;
  for (const Brake& brake : kBrakes) {
    const Option& option = *find_option(brake.key);
    const std::string value = option.get(e.options);
    if (!is_used(option, e.options) || !is_requested(e.options, brake.key) || value == brake.usual) continue;
    found.push_back(harm_of(e, brake.key, value, brake.usual, brake.harm));
  }
  return found;
}

// A training that was too short, or a network that is too simple.
std::vector<Finding> small_trainings(const Examination& e, const Model& model) {
  std::vector<Finding> found;
  for (const Brake& brake : kOthers) {
    const std::string value = find_option(brake.key)->get(e.options);
    const bool linear = brake.key == std::string_view("activation") ? value == "identity" && !e.options.hidden.empty()
                                                                    : e.options.hidden.empty();
    if (linear) found.push_back(harm_of(e, brake.key, value, brake.usual, brake.harm));
  }
  const auto steps = static_cast<double>(model.provenance.steps);
  if (steps > 0 && steps < kFewSteps) {
    const std::size_t epochs = e.options.train.epochs;
    const auto more = static_cast<std::size_t>(std::ceil(static_cast<double>(epochs) * kFewSteps / steps));
    found.push_back(harm_of(e, "epochs", std::to_string(epochs), std::to_string(more),
                            fmt::format("gave the training only {} steps", model.provenance.steps)));
  }
  return found;
}

// -- the search for the cause ----------------------------------------------------------------------------------------

struct Search {
  const Examination& e;
  Trials& trials;
  std::vector<Finding>& findings;
  std::vector<FindingKind> refuted = {};

  bool heals(const Finding& finding, double remaining) const {
    // The loss of a stuck output is compared with that of another loss function.
    const double enough = finding.kind == option_harmful ? kReleased : kHelped;
    return remaining < kNoBetter && (finding.kind == output_stuck || remaining < enough * e.remaining());
  }

  static void take(Finding& finding, const Remedy& remedy, double remaining) {
    finding.remedies = {remedy};
    finding.after_remedy = remaining;
    finding.advice = message_of(advice_of(remedy), fmt::format("; tried: {:.3g} % of the baseline's loss remains on "
                                                               "validation rows",
                                                               100 * remaining));
  }

  // Takes the remedy if it helps; with a learning rate that fits it, if that helps far more.
  bool heals(Finding& finding, const Remedy& remedy) {
    const std::optional<double> remaining = trials.remaining_after(remedy);
    if (!remaining || !heals(finding, *remaining)) return false;
    take(finding, remedy, *remaining);
    if (*remaining < kWellLearned || sets(remedy, kRate) || sets(remedy, "preset")) return true;
    const std::optional<Remedy> with_rate = trials.with_found_rate(remedy);
    const std::optional<double> then = with_rate ? trials.remaining_after(*with_rate) : std::nullopt;
    if (then && *then < kReleased * *remaining) take(finding, *with_rate, *then);
    return true;
  }

  bool try_finding(Finding& finding) {
    const std::vector<Remedy> remedies = finding.remedies;
    for (const Remedy& remedy : remedies) {
      if (sets(remedy, kRate)) {
        const std::optional<Remedy> found = trials.with_found_rate(remedy);
        if (found && heals(finding, *found)) return true;
      }
      if (heals(finding, remedy)) return true;
    }
    return false;
  }

  // The same with a learning rate that fits the remedy.
  bool try_with_rate(Finding& finding) {
    for (const Remedy& remedy : std::vector<Remedy>(finding.remedies)) {
      if (sets(remedy, kRate)) continue;
      const std::optional<Remedy> found = trials.with_found_rate(remedy);
      if (found && heals(finding, *found)) return true;
    }
    return false;
  }

  // All first remedies together.
  bool try_together() {
    Remedy all;
    for (const Finding& finding : findings)
      for (const NamedOption& one : finding.remedies.empty() ? Remedy() : finding.remedies.front())
        if (!sets(all, one.key) && one.key != "class_weight") all.push_back(one);
    return all.size() > 1 && !findings.front().remedies.empty() && heals(findings.front(), all);
  }

  static bool is_result(const Finding& finding) {
    return finding.kind == class_never_predicted || finding.kind == loss_not_better;
  }

  // Problems whose remedies were tried and did not help are not the cause.
  void drop_refuted() {
    std::erase_if(findings, [&](const Finding& one) { return std::ranges::find(refuted, one.kind) != refuted.end(); });
  }

  // Puts a finding with a remedy that helped first.
  void put_first(Finding cause) {
    drop_refuted();
    std::erase_if(findings, [&](const Finding& one) { return one.kind == cause.kind; });
    for (Finding& other : findings)
      if (!is_result(other))
        other.advice = "fix the problem above first: this may follow from it";
      else
        other.advice = "fix the problem above first";
    findings.insert(findings.begin(), std::move(cause));
  }

  bool try_list(std::vector<Finding> list, bool with_rate = false) {
    for (Finding& finding : list) {
      if (is_result(finding)) continue;
      if (with_rate ? try_with_rate(finding) : try_finding(finding)) {
        put_first(std::move(finding));
        return true;
      }
      if (!with_rate && !finding.remedies.empty()) refuted.push_back(finding.kind);
    }
    return false;
  }

  // The preset of the table, if nothing else helps.
  void try_preset(const std::string& preset) {
    const auto at = std::ranges::find(findings, loss_not_better, &Finding::kind);
    if (at == findings.end() || trials.stopped()) return;
    const Remedy remedy{{"preset", preset}};
    Finding finding = *at;
    if (heals(finding, remedy)) {
      refuted.clear();
      put_first(std::move(finding));
    } else if (findings.size() == 1) {
      at->advice = message_of("a training with ", remedy.front(),
                              " is not better either: use other columns or more rows, for these say little about ",
                              "the target");
    }
  }

  // Whether the model's own training succeeds on these rows: then its options are not the problem.
  bool try_the_same() {
    const std::optional<double> remaining = trials.remaining_after_the_same();
    if (!remaining || !(*remaining < kNoBetter) || !(*remaining < kReleased * e.remaining())) return false;
    Finding cause{training_differs,
                  0,
                  *remaining / e.remaining(),
                  kReleased,
                  fmt::format("the model is not what its options give on these rows: {:.3g} % of the baseline's loss "
                              "remains, but {:.3g} % after the same training on them; it has seen other rows, was "
                              "interrupted, or its weights were changed",
                              100 * e.remaining(), 100 * *remaining),
                  "train again with the same options on these rows"};
    put_first(std::move(cause));
    return true;
  }

  void run(const Model& model, const Table& table) {
    if (e.remaining() > kMayBeStopped && try_the_same()) return;
    std::vector<Finding> first, second;
    for (const Finding& finding : findings) (finding.kind < option_harmful ? first : second).push_back(finding);
    if (try_list(first)) return;
    if (e.remaining() > kMayBeStopped && try_list(harmful_options(e))) return;
    if (try_list(second)) return;
    if (e.remaining() > kNoBetter && try_list(small_trainings(e, model))) return;
    if (try_list(first, true)) return;
    if (first.size() > 1 && try_together()) return;
    if (e.remaining() < kNoBetter) drop_refuted();
    try_preset(preset_for(table));
  }
};

bool has_a_remedy(const Finding& finding) { return !finding.remedies.empty() && !Search::is_result(finding); }

}  // namespace

FitOptions options_with(const Model& model, const Remedy& remedy) {
  const bool preset = sets(remedy, "preset");
  std::vector<Assignment> recorded, changed;
  for (const auto& [key, value] : model.provenance.configuration) {
    const Option* const option = find_option(key);
    if (!preset || option == nullptr || survives_a_preset(*option))
      recorded.push_back({key, value, "configuration of the model: " + key, false});
  }
  for (const NamedOption& one : remedy) changed.push_back({one.key, one.value, one.key});
  FitOptions options = options_from({recorded, changed});
  options.data.target = model.encoder.target;
  return options;
}

Diagnosis diagnose(const Model& model, const Table& table, const DiagnosisOptions& how) {
  Diagnosis found;
  found.examination = examine(model, encode(model.encoder, table, true), how.threads);
  const Examination& e = found.examination;
  found.findings = diagnose(e);
  const bool is_constant = !found.findings.empty() && found.findings.front().kind == inputs_constant;
  if (!e.is_configured || is_constant) return found;
  if (e.remaining() < kMayBeStopped && std::ranges::none_of(found.findings, has_a_remedy)) return found;
  Trials trials(model, table, how);
  Search{e, trials, found.findings}.run(model, table);
  found.trainings = trials.trainings();
  return found;
}

}  // namespace chainrule
