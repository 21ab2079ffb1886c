// SPDX-License-Identifier: Apache-2.0
#include "chainrule/explain/derivation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "chainrule/base/error.h"
#include "chainrule/engine/formulas/optimizer_update.h"

namespace chainrule {
namespace {

using Factor = Recipe::Factor;
constexpr FactorIndex kFirst{FactorIndex::first}, kRow{FactorIndex::row}, kColumn{FactorIndex::column},
    kTerm{FactorIndex::term};
constexpr FactorIndex kTermRow{FactorIndex::term_row}, kTermColumn{FactorIndex::term_column};

std::string text(double value) { return fmt::format("{:.10g}", value); }

// Writes the recipe of one quantity.
struct Writer {
  const Explanation& explanation;
  const ExplainedStep& step;
  TensorName name;

  const TrainOptions& options() const { return explanation.options; }
  const Layer& layer(std::size_t of) const { return explanation.architecture.layers[of - 2]; }  // of the article
  std::size_t top() const { return explanation.architecture.depth() + 1; }
  std::size_t rows() const { return explanation.rows.size(); }
  Factor factor(const std::string& tensor, FactorIndex row, FactorIndex column) const {
    return {&step.of(tensor), row, column};
  }
  Factor same(const std::string& tensor) const { return factor(tensor, kRow, kColumn); }  // same row and column
  Factor of_row(const std::string& tensor) const { return factor(tensor, kRow, kFirst); }
  Factor scalar(const std::string& tensor) const { return factor(tensor, kFirst, kFirst); }
  std::string numbered(const char* symbol, std::size_t of) const { return symbol + std::to_string(of); }
  bool has(const std::string& tensor) const { return step.find(tensor) != nullptr; }
  // The input of the layer above `of`: its activations, after dropout if there is dropout.
  std::string fed(std::size_t of) const {
    return has(numbered("a_masked", of)) ? numbered("a_masked", of) : numbered("a", of);
  }
  std::string target() const { return has("y_smooth") ? "y_smooth" : "y"; }

  static Recipe single(std::string pattern, std::vector<Factor> factors) {
    return {{}, {{std::move(pattern), std::move(factors)}}, {}};
  }

  Recipe z() const {
    Recipe made;
    const std::size_t below = name.layer - 1;
    const std::string w = numbered("W", below);
    made.terms.push_back({"{} * {}", {factor(w, kColumn, kTerm), factor(fed(below), kRow, kTerm)}, step.of(w).columns});
    made.terms.push_back({"{}", {factor(numbered("b", below), kColumn, kFirst)}});
    return made;
  }

  Recipe a() const {
    if (name.layer == 1) return {};
    const Factor z = same(numbered("z", name.layer));
    switch (layer(name.layer).activation.kind) {
      case ActivationKind::identity:
        return single("{}", {z});
      case ActivationKind::sigmoid:
        return single("1 / (1 + e^-{})", {z});
      case ActivationKind::relu:
        return single("max(0, {})", {z});
      default:
        return single(std::string(activation_name(layer(name.layer).activation)) + "({})", {z});
    }
  }

  Recipe slope() const {
    const Factor z = same(numbered("z", name.layer));
    const Factor a = same(numbered("a", name.layer));
    switch (layer(name.layer).activation.kind) {
      case ActivationKind::identity:
        return single("1", {});
      case ActivationKind::sigmoid:
        return single("{} * (1 - {})", {a, a});
      case ActivationKind::tanh:
        return single("(1 - {}) * (1 + {})", {a, a});
      case ActivationKind::relu:
        return single("(1 if {} > 0, else 0)", {z});
      default:
        return single(std::string(activation_name(layer(name.layer).activation)) + "'({})", {z});
    }
  }

  Recipe sample_loss() const {
    const Factor a = factor(numbered("a", top()), kRow, kTerm), y = factor(target(), kRow, kTerm);
    const auto each = [&](std::string pattern, std::vector<Factor> factors) {
      return Recipe{{}, {{std::move(pattern), std::move(factors), step.of("y").columns}}, {}};
    };
    switch (options().loss.kind) {
      case LossKind::half_squared_error:
        return each("1/2 * ({} - {})^2", {a, y});
      case LossKind::absolute_error:
        return each("|{} - {}|", {a, y});
      case LossKind::huber:
        return each("huber({} - {})", {a, y});
      case LossKind::poisson:
        return each("(e^{} - {} * {})", {a, y, a});
      case LossKind::softmax_cross_entropy:
        return each("{} * ({} - {})", {y, of_row("log_sum"), a});
      case LossKind::sigmoid_cross_entropy:
        return each("(ln(1 + e^{}) - {} * {})", {a, y, a});
      case LossKind::custom:
        break;
    }
    return each(std::string(loss_name(options().loss)) + "({}, {})", {a, y});
  }

  Recipe log_sum() const {
    return {{"ln(", {}}, {{"e^{}", {factor(numbered("a", top()), kRow, kTerm)}, step.of("y").columns}}, {")", {}}};
  }

  Recipe link() const {
    const Factor a = same(numbered("a", top()));
    if (options().loss.kind == LossKind::softmax_cross_entropy) return single("e^({} - {})", {a, of_row("log_sum")});
    return single(options().loss.kind == LossKind::poisson ? "e^{}" : "1 / (1 + e^-{})", {a});
  }

  // Softmax distributes the sum of the targets, which is 1 unless the caller gives other targets.
  bool targets_sum_to_one() const {
    const Tensor& y = step.of(target());
    for (std::size_t row = 0; row < y.rows; ++row) {
      double mass = 0;
      for (std::size_t k = 0; k < y.columns; ++k) mass += y.reference[row * y.columns + k];
      if (mass < 1 - 1e-9 || mass > 1 + 1e-9) return false;
    }
    return true;
  }

  Recipe softmax_d_output(const Factor& row_scale, const Factor& y) const {
    if (targets_sum_to_one()) return single("{} * ({} - {})", {row_scale, same("p"), y});
    return {{"{} * ({} * (", {row_scale, same("p")}},
            {{"{}", {factor(target(), kRow, kTerm)}, step.of(target()).columns}},
            {") - {})", {y}}};
  }

  Recipe d_output() const {
    const Factor row_scale = of_row("row_weight"), y = same(target());
    const Factor a = same(numbered("a", top()));
    switch (options().loss.kind) {
      case LossKind::half_squared_error:
        return single("{} * ({} - {})", {row_scale, a, y});
      case LossKind::absolute_error:
        return single("{} * sign({} - {})", {row_scale, a, y});
      case LossKind::huber:
        return single("{} * huber'({} - {})", {row_scale, a, y});
      case LossKind::custom:
        return single("{} * " + std::string(loss_name(options().loss)) + "'({}, {})", {row_scale, a, y});
      case LossKind::softmax_cross_entropy:
        return softmax_d_output(row_scale, y);
      default:
        return single("{} * ({} - {})", {row_scale, same("p"), y});
    }
  }

  Recipe d_a() const {
    if (name.layer == top()) return d_output();
    Recipe made;
    const std::string w = numbered("W", name.layer), above = numbered("delta", name.layer + 1);
    made.terms.push_back({"{} * {}", {factor(w, kTerm, kColumn), factor(above, kRow, kTerm)}, step.of(w).rows});
    if (!has(numbered("mask", name.layer))) return made;
    made.before = {"{} * (", {same(numbered("mask", name.layer))}};
    made.after = {")", {}};
    return made;
  }

  Recipe delta() const {
    return single("{} * {}", {same(numbered("d_a", name.layer)), same(numbered("f_prime", name.layer))});
  }

  Recipe gradient(bool of_bias) const {
    const Factor delta = factor(numbered("delta", name.layer + 1), kTerm, kRow);
    if (of_bias) return {{}, {{"{}", {delta}, rows()}}, {}};
    return {{}, {{"{} * {}", {delta, factor(fed(name.layer), kTerm, kColumn)}, rows()}}, {}};
  }

  double lambda() const {
    return options().weight_decay * explanation.architecture.layers[name.layer - 1].decay_multiplier;
  }

  Recipe full_gradient(bool of_bias) const {
    Recipe made;
    const Factor loss_part = same(numbered(of_bias ? "db" : "dW", name.layer));
    if (has("clip"))
      made.terms.push_back({"{} * {}", {scalar("clip"), loss_part}});
    else
      made.terms.push_back({"{}", {loss_part}});
    const double decay = decay_in_gradient(explanation.architecture, options(), name.layer);
    if (!of_bias && decay != 0) made.terms.push_back({text(decay) + " * {}", {same(numbered("W", name.layer))}});
    return made;
  }

  // g of the update rules: the full gradient, or dW if nothing is added to it.
  Factor g(bool of_bias) const {
    const std::string full = numbered(of_bias ? "g_b" : "g_W", name.layer);
    return same(has(full) ? full : numbered(of_bias ? "db" : "dW", name.layer));
  }
  Factor memory(const char* which, bool of_bias, bool after) const {
    return same(which + numbered(of_bias ? "b" : "W", name.layer) + (after ? "_after" : ""));
  }

  Recipe first_after(bool of_bias) const {
    const Factor before = memory("first_", of_bias, false), now = g(of_bias);
    const auto keep = [&](double fraction) {
      return Recipe{{}, {{text(fraction) + " * {}", {before}}, {"{}", {now}}}, {}};
    };
    if (const auto* rule = std::get_if<Momentum>(&options().optimizer)) return keep(rule->momentum);
    if (const auto* rule = std::get_if<Nesterov>(&options().optimizer)) return keep(rule->momentum);
    if (std::holds_alternative<Adagrad>(options().optimizer)) return {{}, {{"{}", {before}}, {"{}^2", {now}}}, {}};
    if (const auto* rule = std::get_if<RmsProp>(&options().optimizer))
      return {{}, {{text(rule->rho) + " * {}", {before}}, {text(1 - rule->rho) + " * {}^2", {now}}}, {}};
    if (std::holds_alternative<Rprop>(options().optimizer))
      return single("rprop({}; gradient {}, last {})", {before, now, memory("second_", of_bias, false)});
    const double beta1 = first_moment_decay();
    return {{}, {{text(beta1) + " * {}", {before}}, {text(1 - beta1) + " * {}", {now}}}, {}};
  }

  double first_moment_decay() const {
    const auto* adam = std::get_if<Adam>(&options().optimizer);
    return adam != nullptr ? adam->beta1 : std::get<AdamW>(options().optimizer).beta1;
  }

  Recipe second_after(bool of_bias) const {
    const Factor before = memory("second_", of_bias, false), now = g(of_bias);
    if (std::holds_alternative<Rprop>(options().optimizer)) return single("({}, or 0 where its sign changed)", {now});
    const auto* adam = std::get_if<Adam>(&options().optimizer);
    const double beta2 = adam != nullptr ? adam->beta2 : std::get<AdamW>(options().optimizer).beta2;
    return {{}, {{text(beta2) + " * {}", {before}}, {text(1 - beta2) + " * {}^2", {now}}}, {}};
  }

  Recipe updated(bool of_bias) const {
    const Layer& of = explanation.architecture.layers[name.layer - 1];
    const std::string rate = text(options().learning_rate * (of_bias ? of.bias_multiplier : of.weight_multiplier));
    const Factor p = same(numbered(of_bias ? "b" : "W", name.layer));
    Recipe made = step_of(of_bias, rate, p);
    if (of_bias || of.max_norm == 0) return made;
    made.before = {"(", {}};
    made.after = {"), with the norm of its row of W limited to " + text(of.max_norm), {}};
    return made;
  }

  Recipe step_of(bool of_bias, const std::string& rate, const Factor& p) const {
    const auto minus = [&](const std::string& direction, std::vector<Factor> factors) {
      factors.insert(factors.begin(), p);
      return single("{} - " + rate + " * " + direction, std::move(factors));
    };
    return std::visit(
        [&](const auto& rule) -> Recipe {
          using Rule = std::decay_t<decltype(rule)>;
          const auto first = [&] { return memory("first_", of_bias, true); };
          const auto second = [&] { return memory("second_", of_bias, true); };
          if constexpr (std::is_same_v<Rule, Sgd>) return minus("{}", {g(of_bias)});
          if constexpr (std::is_same_v<Rule, Momentum>) return minus("{}", {first()});
          if constexpr (std::is_same_v<Rule, Nesterov>)
            return minus("({} + " + text(rule.momentum) + " * {})", {g(of_bias), first()});
          if constexpr (std::is_same_v<Rule, Adagrad> || std::is_same_v<Rule, RmsProp>)
            return minus("{} / (sqrt({}) + " + text(rule.epsilon) + ")", {g(of_bias), first()});
          if constexpr (std::is_same_v<Rule, Rprop>) return single("{} - {} * sign({})", {p, first(), second()});
          if constexpr (requires { rule.beta2; }) {
            UpdateRates rates{step.step, 0, 0, 1};
            prepare(options().optimizer, rates);
            const std::string direction = text(rates.correction1) + " * {} / (sqrt(" + text(rates.correction2) +
                                          " * {}) + " + text(rule.epsilon) + ")";
            if (std::is_same_v<Rule, Adam> || of_bias || lambda() == 0) return minus(direction, {first(), second()});
            return minus("(" + direction + " + " + text(lambda()) + " * {})", {first(), second(), p});
          }
          return {};
        },
        options().optimizer);
  }

  Recipe decay() const {
    Recipe made;
    for (std::size_t l = 1; l < top(); ++l) {
      const double half = 0.5 * options().weight_decay * explanation.architecture.layers[l - 1].decay_multiplier;
      const Tensor& w = step.of(numbered("W", l) + (name.after ? "_after" : ""));
      if (half != 0) made.terms.push_back({text(half) + " * {}^2", {{&w, kTermRow, kTermColumn}}, w.engine.size()});
    }
    if (made.terms.empty()) made.terms.push_back({"0", {}});
    return made;
  }

  Recipe norm() const {
    Recipe made{{"sqrt(", {}}, {}, {")", {}}};
    for (std::size_t l = 1; l < top(); ++l)
      for (const char* symbol : {"dW", "db"}) {
        const Tensor& of = step.of(numbered(symbol, l));
        made.terms.push_back({"{}^2", {{&of, kTermRow, kTermColumn}}, of.engine.size()});
      }
    return made;
  }

  Recipe loss() const {
    if (name.after) return {};  // computed by a separate forward pass
    Recipe made;
    made.terms.push_back(
        {"{} * {}", {factor("row_weight", kTerm, kFirst), factor("sample_loss", kTerm, kFirst)}, rows()});
    return made;
  }

  Recipe scalars() const {
    const std::string after = name.after ? "_after" : "";
    if (name.symbol == "loss") return loss();
    if (name.symbol == "decay_term") return decay();
    if (name.symbol == "objective")
      return {{}, {{"{}", {scalar("loss" + after)}}, {"{}", {scalar("decay_term" + after)}}}, {}};
    if (name.symbol == "gradient_norm") return norm();
    if (name.symbol == "clip")
      return single("min(1, " + text(options().clip_norm) + " / {})", {scalar("gradient_norm")});
    return {};
  }

  Recipe run() const {
    const std::string& symbol = name.symbol;
    const bool of_bias = name.of_biases();
    if (symbol == "z") return z();
    if (symbol == "a") return a();
    if (symbol == "a_masked")
      return single("{} * {}", {same(numbered("a", name.layer)), same(numbered("mask", name.layer))});
    if (symbol == "p") return link();
    if (symbol == "log_sum") return log_sum();
    if (symbol == "sample_loss") return sample_loss();
    if (symbol == "d_a") return d_a();
    if (symbol == "f_prime") return slope();
    if (symbol == "delta") return delta();
    if (symbol == "dW" || symbol == "db") return gradient(of_bias);
    if (symbol == "g_W" || symbol == "g_b") return full_gradient(of_bias);
    if (name.layer == 0) return scalars();
    if (!name.after) return {};
    if (symbol.starts_with("first_")) return first_after(of_bias);
    if (symbol.starts_with("second_")) return second_after(of_bias);
    return updated(of_bias);
  }
};

}  // namespace

std::size_t FactorIndex::of(const Entry& entry, std::size_t k, std::size_t columns) const {
  switch (kind) {
    case first:
      return 0;
    case row:
      return entry.row;
    case column:
      return entry.column;
    case term:
      return k;
    case term_row:
      return k / columns;
    case term_column:
      break;
  }
  return k % columns;
}

Recipe recipe_of(const Explanation& explanation, const ExplainedStep& step, const Tensor& tensor) {
  return Writer{explanation, step, parts_of(tensor.name)}.run();
}

Derivation derive(const Explanation& explanation, const ExplainedStep& step, const Entry& entry) {
  const Recipe recipe = recipe_of(explanation, step, *entry.tensor);
  const auto written = [&](const Recipe::Terms& terms, std::size_t k) {
    Term term{terms.pattern, {}};
    for (const auto& [tensor, row, column] : terms.factors)
      term.factors.push_back({tensor, row.of(entry, k, tensor->columns), column.of(entry, k, tensor->columns)});
    return term;
  };
  Derivation made{written(recipe.before, 0), {}, written(recipe.after, 0)};
  for (const Recipe::Terms& terms : recipe.terms)
    for (std::size_t k = 0; k < terms.count; ++k) made.terms.push_back(written(terms, k));
  return made;
}

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNamesInJson{
    {{"row_weight", "share"}, {"a_masked", "fed"}, {"f_prime", "slope"}}};

}  // namespace

std::string name_in_json(const std::string& name) {
  for (const auto& [text, json] : kNamesInJson)
    if (name.starts_with(text)) return std::string(json) + name.substr(text.size());
  return name;
}

std::string name_from_json(const std::string& name) {
  for (const auto& [text, json] : kNamesInJson)
    if (name.starts_with(json)) return std::string(text) + name.substr(json.size());
  return name;
}

}  // namespace chainrule
