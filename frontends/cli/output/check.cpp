// SPDX-License-Identifier: Apache-2.0
#include "cli/output/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace chainrule::cli {
namespace {

const char* plural(std::size_t count) { return count == 1 ? "" : "s"; }

std::size_t count(const CheckReport& report, FaultVerdict verdict) {
  return static_cast<std::size_t>(
      std::ranges::count_if(report.faults, [&](const FaultCheck& check) { return check.verdict == verdict; }));
}

std::string name_of(std::size_t layer, bool is_bias) { return fmt::format("{}{}", is_bias ? "b" : "W", layer + 1); }

std::string heading(const CheckReport& report, const CheckFacts& facts) {
  std::string text =
      fmt::format("{}: {}; loss {}, weight decay {}\n", facts.origin, facts.network, facts.loss, facts.weight_decay);
  text += fmt::format("{} row{}, objective {:.6g}", report.rows, plural(report.rows), report.objective);
  if (report.dropout_left_out) text += "; checked without the dropout of the network";
  return text + "\n";
}

std::string sample(const CheckReport& report, std::uint64_t seed) {
  const std::string all = fmt::format("{} parameter{}", report.parameters, plural(report.parameters));
  if (report.chosen == report.parameters) return "all " + all;
  return fmt::format(
      "{} of {}: {} sampled with seed {} from all layers, weights and biases, plus those that show a "
      "planted fault best",
      report.checked + report.kinks, all, report.chosen, seed);
}

std::string derivatives(const CheckReport& report, const CheckFacts& facts) {
  std::string text = fmt::format("\ndouble-precision backpropagation against {}\n{}\n\n",
                                 report.method == CheckMethod::complex_step
                                     ? "complex-step derivatives"
                                     : "central differences; parameters next to a kink are skipped",
                                 sample(report, facts.seed));
  text += fmt::format("  {:<6}{:>9}{:>7}{:>15}{:>11}  {:<14}{:>14}  {:>14}\n", "", "checked", "kinks", "largest error",
                      "allowed", "at", "computed", "numerical");
  for (const TensorCheck& tensor : report.tensors) {
    text += fmt::format("  {:<6}{:>9}{:>7}", name_of(tensor.layer, tensor.is_bias), tensor.checked, tensor.kinks);
    text += tensor.checked == 0
                ? "\n"
                : fmt::format("{:>15.1e}{:>11.1e}  {:<14}{:>14.6g}  {:>14.6g}\n", tensor.worst_error, tensor.tolerance,
                              parameter_name(tensor.worst), tensor.computed, tensor.numerical);
  }
  return text;
}

std::string engine(const CheckReport& report) {
  std::string text =
      "\nfloat gradient of the training engine against the double-precision one, without weight decay\n\n";
  text +=
      fmt::format("  {:<6}{:>16}{:>11}  {:<14}{:>14}  {:>14}\n", "", "difference", "allowed", "at", "engine", "double");
  for (const EngineCheck& check : report.engine)
    text += fmt::format("  {:<6}{:>16.1e}{:>11.1e}  {:<14}{:>14.6g}  {:>14.6g}\n", name_of(check.layer, check.is_bias),
                        std::abs(check.engine - check.reference), check.bound, parameter_name(check.worst),
                        check.engine, check.reference);
  return text;
}

std::string outcome(const FaultCheck& check) {
  switch (check.verdict) {
    case FaultVerdict::caught:
      return fmt::format("error {:.1e} at {}", check.error, parameter_name(check.where));
    case FaultVerdict::no_effect:
      return check.reason;
    case FaultVerdict::too_small:
      return fmt::format("it changes the gradient by {:.1e}, too little to detect", check.effect);
    case FaultVerdict::at_kinks:
      return "the parameters that it changes are at kinks";
    case FaultVerdict::missed:
      break;
  }
  return fmt::format("error {:.1e} at {} for an effect of {:.1e}", check.error, parameter_name(check.where),
                     check.effect);
}

std::string faults(const CheckReport& report) {
  std::string text = "\nfaults planted one at a time in the double-precision computation\n\n";
  for (const FaultCheck& check : report.faults) {
    std::string verdict(verdict_name(check.verdict));
    std::ranges::replace(verdict, '_', ' ');
    text += fmt::format("  {:<10} {:<12} {:<41}{}\n", verdict, check.location, check.description, outcome(check));
  }
  return text;
}

std::string sentence(const CheckReport& report) {
  const std::string failure = report.failure();
  if (!failure.empty()) return "failed: " + failure;
  std::string zeros;
  for (const TensorCheck& tensor : report.tensors)
    if (tensor.is_zero) zeros += (zeros.empty() ? "" : ", ") + name_of(tensor.layer, tensor.is_bias);
  const std::size_t unseen = count(report, FaultVerdict::too_small) + count(report, FaultVerdict::at_kinks);
  return fmt::format(
      "passed: {} derivative{} agree{}, the engine is within its rounding error bounds, {} planted fault{} caught, {} "
      "without effect{}{}",
      report.checked, plural(report.checked), report.checked == 1 ? "s" : "", count(report, FaultVerdict::caught),
      plural(count(report, FaultVerdict::caught)), count(report, FaultVerdict::no_effect),
      unseen == 0 ? "" : fmt::format(", {} undetectable", unseen),
      zeros.empty() ? "" : "\nnot proven: all derivatives of " + zeros + " are 0 on these rows");
}

}  // namespace

std::string check_text(const CheckReport& report, const CheckFacts& facts) {
  return heading(report, facts) + derivatives(report, facts) + engine(report) + faults(report) + "\n" +
         sentence(report) + "\n";
}

}  // namespace chainrule::cli
