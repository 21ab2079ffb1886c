// SPDX-License-Identifier: Apache-2.0
// Each quantity of a step in words and symbols: its name, its formula, and its equation numbers in the article.
#include <fmt/format.h>

#include <algorithm>

#include <cctype>

#include "chainrule/base/error.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/explain/derivation.h"

namespace chainrule {
namespace {

struct FormulaWriter {
  const Explanation& explanation;
  const ExplainedStep& step;
  TensorName name;

  const TrainOptions& options() const { return explanation.options; }
  std::size_t l() const { return name.layer; }
  std::size_t top() const { return layers_of(explanation); }
  std::string fed(std::size_t of) const {
    const std::string masked = fmt::format("a_masked{}", of);
    return step.find(masked) != nullptr ? masked : fmt::format("a{}", of);
  }
  const Layer& layer() const { return explanation.architecture.layers[l() - 2]; }
  std::string activation() const { return std::string(activation_name(layer().activation)); }
  std::string y() const { return step.find("y_smooth") != nullptr ? "y_smooth" : "y"; }
  std::string a() const { return fmt::format("a{}", top()); }

  bool has_half_squares() const { return options().loss.kind == LossKind::half_squared_error; }
  bool has_decay_multipliers() const {
    return std::ranges::any_of(explanation.architecture.layers,
                               [](const Layer& layer) { return layer.decay_multiplier != 1; });
  }

  // The loss of a row, and its derivative with respect to the outputs.
  std::string sample_loss() const {
    switch (options().loss.kind) {
      case LossKind::half_squared_error:
        return fmt::format("1/2 * sum of ({} - {})^2", a(), y());
      case LossKind::absolute_error:
        return fmt::format("sum of |{} - {}|", a(), y());
      case LossKind::huber:
        return fmt::format("sum of d^2 / 2 where |d| <= {0}, else {0} (|d| - {0} / 2), d = {1} - {2}",
                           options().loss.huber_delta, a(), y());
      case LossKind::poisson:
        return fmt::format("sum of e^{0} - {1} * {0}", a(), y());
      case LossKind::softmax_cross_entropy:
        return fmt::format("sum of {} * (log_sum - {}), which is - sum of {} * ln p", y(), a(), y());
      case LossKind::sigmoid_cross_entropy:
        return fmt::format("sum of ln(1 + e^{0}) - {1} * {0}", a(), y());
      case LossKind::custom:
        break;
    }
    return std::string(loss_name(options().loss));
  }
  std::string d_output() const {
    switch (options().loss.kind) {
      case LossKind::half_squared_error:
        return fmt::format("row_weight * ({} - {})", a(), y());
      case LossKind::absolute_error:
        return fmt::format("row_weight * sign({} - {})", a(), y());
      case LossKind::huber:
        return fmt::format("row_weight * ({} - {}), limited to +-{}", a(), y(), options().loss.huber_delta);
      case LossKind::custom:
        return fmt::format("row_weight * derivative of {}", loss_name(options().loss));
      default:
        return fmt::format("row_weight * (p - {})", y());
    }
  }

  std::string slope() const {
    switch (layer().activation.kind) {
      case ActivationKind::identity:
        return "1";
      case ActivationKind::sigmoid:
        return fmt::format("a{0} * (1 - a{0})", l());
      case ActivationKind::tanh:
        return fmt::format("(1 - a{0}) * (1 + a{0})", l());
      case ActivationKind::relu:
        return fmt::format("1 where z{} > 0, else 0", l());
      default:
        return fmt::format("{}'(z{})", activation(), l());
    }
  }

  std::string g(bool of_bias) const {
    const std::string full = fmt::format("g_{}{}", of_bias ? "b" : "W", l());
    return step.find(full) != nullptr ? full : fmt::format("d{}{}", of_bias ? "b" : "W", l());
  }

  Formula memory(bool is_second, bool of_bias) const {
    const std::string p = fmt::format("{}{}", of_bias ? "b" : "W", l()), now = g(of_bias);
    const std::string first = "first_" + p, second = "second_" + p;
    return std::visit(
        [&](const auto& rule) -> Formula {
          using Rule = std::decay_t<decltype(rule)>;
          if constexpr (std::is_same_v<Rule, Momentum> || std::is_same_v<Rule, Nesterov>)
            return {"velocity of " + p, fmt::format("{} * {} + {}", rule.momentum, first, now), ""};
          if constexpr (std::is_same_v<Rule, Adagrad>)
            return {"sum of the squared gradients of " + p, first + " + " + now + "^2", ""};
          if constexpr (std::is_same_v<Rule, RmsProp>)
            return {"running mean of the squared gradients of " + p,
                    fmt::format("{} * {} + {:.6g} * {}^2", rule.rho, first, 1 - rule.rho, now), ""};
          if constexpr (requires { rule.beta1; }) {
            if (is_second)
              return {"running mean of the squared gradients of " + p,
                      fmt::format("{} * {} + {:.6g} * {}^2", rule.beta2, second, 1 - rule.beta2, now), ""};
            return {"running mean of the gradients of " + p,
                    fmt::format("{} * {} + {:.6g} * {}", rule.beta1, first, 1 - rule.beta1, now), ""};
          }
          if constexpr (std::is_same_v<Rule, Rprop>) {
            if (is_second) return {"last gradient of " + p, now + ", or 0 where its sign changed", ""};
            return {"step size of " + p,
                    fmt::format("{} times {} where {} kept its sign, times {} where the sign changed", first,
                                rule.increase, now, rule.decrease),
                    ""};
          }
          return {};
        },
        options().optimizer);
  }

  std::string update(bool of_bias) const {
    const std::string p = fmt::format("{}{}", of_bias ? "b" : "W", l()), now = g(of_bias);
    const Layer& of = explanation.architecture.layers[l() - 1];
    const double rate = options().learning_rate * (of_bias ? of.bias_multiplier : of.weight_multiplier);
    const std::string first = "first_" + p + "_after", second = "second_" + p + "_after";
    const std::string moved = std::visit(
        [&](const auto& rule) -> std::string {
          using Rule = std::decay_t<decltype(rule)>;
          if constexpr (std::is_same_v<Rule, Sgd>) return fmt::format("{} - {} * {}", p, rate, now);
          if constexpr (std::is_same_v<Rule, Momentum>) return fmt::format("{} - {} * {}", p, rate, first);
          if constexpr (std::is_same_v<Rule, Nesterov>)
            return fmt::format("{} - {} * ({} + {} * {})", p, rate, now, rule.momentum, first);
          if constexpr (std::is_same_v<Rule, Adagrad> || std::is_same_v<Rule, RmsProp>)
            return fmt::format("{} - {} * {} / (sqrt({}) + {})", p, rate, now, first, rule.epsilon);
          if constexpr (std::is_same_v<Rule, Rprop>) return fmt::format("{} - {} * sign({})", p, first, second);
          if constexpr (requires { rule.beta2; }) {
            const std::string direction =
                fmt::format("{} / (1 - {}^{}) / (sqrt({} / (1 - {}^{})) + {})", first, rule.beta1, step.step, second,
                            rule.beta2, step.step, rule.epsilon);
            const double lambda = options().weight_decay * of.decay_multiplier;
            if (std::is_same_v<Rule, Adam> || of_bias || lambda == 0)
              return fmt::format("{} - {} * {}", p, rate, direction);
            return fmt::format("{} - {} * ({} + {} * {})", p, rate, direction, lambda, p);
          }
          return {};
        },
        options().optimizer);
    return of_bias || of.max_norm == 0
               ? moved
               : fmt::format("{}, with the norm of each unit's row limited to {}", moved, of.max_norm);
  }

  Formula of_parameters() const {
    const bool of_bias = name.of_biases();
    const std::string what = of_bias ? fmt::format("biases of layer {}", l() + 1)
                                     : fmt::format("weights from layer {} to layer {}", l(), l() + 1);
    if (name.symbol == "dW")
      return {"gradient of the loss", fmt::format("sum over the rows of delta{} {}^T", l() + 1, fed(l())),
              "11, 18, 22"};
    if (name.symbol == "db")
      return {"gradient of the loss", fmt::format("sum over the rows of delta{}", l() + 1), "12, 19, 23"};
    if (name.symbol == "g_W" || name.symbol == "g_b") {
      const double lambda = decay_in_gradient(explanation.architecture, options(), l());
      std::string text =
          fmt::format("{}d{}{}", step.find("clip") == nullptr ? "" : "clip * ", of_bias ? "b" : "W", l());
      if (!of_bias && lambda != 0) text += fmt::format(" + {} * W{}", lambda, l());
      return {step.find("clip") == nullptr ? "gradient of the objective" : "gradient that the update uses", text,
              "8, 11"};
    }
    if (name.symbol.starts_with("first_") || name.symbol.starts_with("second_")) {
      Formula made = memory(name.symbol.starts_with("second_"), of_bias);
      if (!name.after) made = {made.meaning + ", before the step", "", ""};
      return made;
    }
    if (!name.after) return {what, "", ""};
    const bool as_there = std::holds_alternative<Sgd>(options().optimizer);
    return {what + ", after the update", update(of_bias), !as_there ? "" : of_bias ? "10, 25" : "9, 24"};
  }

  Formula of_layer() const {
    const std::string here = fmt::format("of layer {}", l());
    if (name.symbol == "a" && l() == 1) return {"inputs", "", ""};
    if (name.symbol == "z")
      return {"pre-activations " + here, fmt::format("W{0} {1} + b{0}", l() - 1, fed(l() - 1)), "3, 16"};
    if (name.symbol == "a")
      return {l() == top() ? "outputs" : "activations " + here, fmt::format("{}(z{})", activation(), l()),
              activation() == "sigmoid" ? "1, 4" : "4"};
    if (name.symbol == "mask") return {"dropout mask " + here, "", ""};
    if (name.symbol == "a_masked")
      return {"activations " + here + " after dropout", fmt::format("a{0} * mask{0}", l()), ""};
    if (name.symbol == "f_prime") return {"f'(z) " + here, slope(), activation() == "sigmoid" ? "2" : ""};
    if (name.symbol == "delta")
      return {"delta " + here, fmt::format("d_a{0} * f_prime{0}", l()), l() == top() ? "13, 20" : "14, 17, 21"};
    if (name.symbol == "d_a" && l() == top())
      return {"derivative of J with respect to the outputs", d_output(), has_half_squares() ? "13" : ""};
    const std::string mask = step.find(fmt::format("mask{}", l())) == nullptr ? "" : fmt::format(" * mask{}", l());
    return {"derivative of J with respect to the activations " + here,
            fmt::format("W{}^T delta{}{}", l(), l() + 1, mask), "14, 15"};
  }

  Formula of_rows() const {
    const std::string& symbol = name.symbol;
    if (symbol == "y") return {"targets", "", ""};
    if (symbol == "y_smooth")
      return {fmt::format("targets with label smoothing {}", options().loss.label_smoothing), "", ""};
    if (symbol == "row_weight") return {"weight of each row: its sample weight / m", "", ""};
    if (symbol == "p") return {"predictions", fmt::format("{}({})", link_name(options().loss), a()), ""};
    if (symbol == "log_sum")
      return {"logarithm of the sum of exponentials", fmt::format("ln of the sum of e^{}", a()), ""};
    return {"loss of each row", sample_loss(), has_half_squares() ? "5" : ""};
  }

  Formula of_step() const {
    const std::string after = name.after ? "_after" : "", when = name.after ? ", with the new weights" : "";
    if (name.symbol == "loss") return {"loss" + when, name.after ? "" : "sum of row_weight * sample_loss", "6"};
    if (name.symbol == "decay_term")
      return {"weight decay" + when,
              fmt::format("{} / 2 * sum of {}W{}^2", options().weight_decay,
                          has_decay_multipliers() ? "multiplier * " : "", after),
              "6, 7"};
    if (name.symbol == "objective") return {"objective J" + when, fmt::format("loss{0} + decay_term{0}", after), "6"};
    if (name.symbol == "gradient_norm") return {"norm of the gradient", "sqrt(sum of dW^2 and db^2)", ""};
    return {"clipping factor", fmt::format("min(1, {} / gradient_norm)", options().clip_norm), ""};
  }
};

}  // namespace

TensorName parts_of(const std::string& name) {
  TensorName parts;
  std::string_view rest = name;
  if (rest.ends_with("_after")) {
    parts.after = true;
    rest.remove_suffix(6);
  }
  while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.back())) != 0) rest.remove_suffix(1);
  parts.symbol = rest;
  for (std::size_t k = rest.size(); k < name.size() && std::isdigit(static_cast<unsigned char>(name[k])) != 0; ++k)
    parts.layer = 10 * parts.layer + static_cast<std::size_t>(name[k] - '0');
  return parts;
}

std::string name_of(const Explanation& explanation, const Entry& entry) {
  const TensorName parts = parts_of(entry.tensor->name);
  if (entry.tensor->rows == 1 && entry.tensor->columns == 1 && parts.layer == 0) return entry.tensor->name;
  if (parts.of_weights()) return fmt::format("{}[{},{}]", entry.tensor->name, entry.row + 1, entry.column + 1);
  if (parts.of_biases()) return fmt::format("{}[{}]", entry.tensor->name, entry.row + 1);
  const bool per_row = parts.symbol == "row_weight" || parts.symbol == "sample_loss" || parts.symbol == "log_sum";
  const bool many = explanation.rows.size() > 1;
  if (per_row)
    return many ? fmt::format("{}[row {}]", entry.tensor->name, explanation.rows[entry.row]) : entry.tensor->name;
  return many ? fmt::format("{}[{}; row {}]", entry.tensor->name, entry.column + 1, explanation.rows[entry.row])
              : fmt::format("{}[{}]", entry.tensor->name, entry.column + 1);
}

const char* part_of(const Tensor& tensor) {
  const TensorName parts = parts_of(tensor.name);
  if (parts.after) return "update";
  for (const char* symbol : {"dW", "db", "g_W", "g_b", "gradient_norm", "clip"})
    if (parts.symbol == symbol) return "gradients";
  for (const char* symbol : {"d_a", "f_prime", "delta"})
    if (parts.symbol == symbol) return "backward";
  for (const char* symbol : {"p", "log_sum", "y_smooth", "sample_loss", "loss", "decay_term", "objective"})
    if (parts.symbol == symbol) return "loss";
  for (const char* symbol : {"z", "mask", "a_masked"})
    if (parts.symbol == symbol) return "forward";
  return parts.symbol == "a" && parts.layer > 1 ? "forward" : "before the step";
}

Formula formula_of(const Explanation& explanation, const ExplainedStep& step, const Tensor& tensor) {
  const FormulaWriter writer{explanation, step, parts_of(tensor.name)};
  const std::string& symbol = writer.name.symbol;
  if (writer.name.layer == 0) {
    for (const char* per_row : {"y", "y_smooth", "row_weight", "p", "log_sum", "sample_loss"})
      if (symbol == per_row) return writer.of_rows();
    return writer.of_step();
  }
  return writer.name.of_parameters() ? writer.of_parameters() : writer.of_layer();
}

}  // namespace chainrule
