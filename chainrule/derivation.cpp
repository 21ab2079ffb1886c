// SPDX-License-Identifier: Apache-2.0
#include "chainrule/derivation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "chainrule/error.h"

namespace chainrule {
namespace {

std::string text(double value) { return fmt::format("{:.10g}", value); }

// Looks things up for one number.
struct Deriver {
  const Explanation& explanation;
  const ExplainedStep& step;
  Entry at;
  TensorName name;

  const TrainOptions& options() const { return explanation.options; }
  const Layer& layer(std::size_t of) const { return explanation.architecture.layers[of - 2]; }  // of the article
  std::size_t top() const { return explanation.architecture.depth() + 1; }
  std::size_t rows() const { return explanation.rows.size(); }
  Entry entry(const std::string& tensor, std::size_t row, std::size_t column) const {
    return {&step.of(tensor), row, column};
  }
  Entry scalar(const std::string& tensor) const { return entry(tensor, 0, 0); }
  std::string numbered(const char* symbol, std::size_t of) const { return symbol + std::to_string(of); }
  bool has(const std::string& tensor) const { return step.find(tensor) != nullptr; }
  // What feeds the layer above `of`.
  std::string fed(std::size_t of) const { return has(numbered("fed", of)) ? numbered("fed", of) : numbered("a", of); }
  std::string target() const { return has("y_smooth") ? "y_smooth" : "y"; }

  static Derivation single(std::string pattern, std::vector<Entry> factors) {
    return {{}, {{std::move(pattern), std::move(factors)}}, {}};
  }

  Derivation z() const {
    Derivation made;
    const std::size_t below = name.layer - 1;
    const Tensor& w = step.of(numbered("W", below));
    for (std::size_t j = 0; j < w.columns; ++j)
      made.terms.push_back({"{} * {}", {{&w, at.column, j}, entry(fed(below), at.row, j)}});
    made.terms.push_back({"{}", {entry(numbered("b", below), at.column, 0)}});
    return made;
  }

  Derivation a() const {
    if (name.layer == 1) return {};
    const Entry z = entry(numbered("z", name.layer), at.row, at.column);
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

  Derivation slope() const {
    const Entry z = entry(numbered("z", name.layer), at.row, at.column);
    const Entry a = entry(numbered("a", name.layer), at.row, at.column);
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

  Derivation sample_loss() const {
    Derivation made;
    for (std::size_t k = 0; k < step.of("y").columns; ++k) {
      const Entry a = entry(numbered("a", top()), at.row, k), y = entry(target(), at.row, k);
      switch (options().loss.kind) {
        case LossKind::half_squared_error:
          made.terms.push_back({"1/2 * ({} - {})^2", {a, y}});
          break;
        case LossKind::absolute_error:
          made.terms.push_back({"|{} - {}|", {a, y}});
          break;
        case LossKind::huber:
          made.terms.push_back({"huber({} - {})", {a, y}});
          break;
        case LossKind::poisson:
          made.terms.push_back({"(e^{} - {} * {})", {a, y, a}});
          break;
        case LossKind::softmax_cross_entropy:
          made.terms.push_back({"{} * ({} - {})", {y, entry("log_sum", at.row, 0), a}});
          break;
        case LossKind::sigmoid_cross_entropy:
          made.terms.push_back({"(ln(1 + e^{}) - {} * {})", {a, y, a}});
          break;
        case LossKind::custom:
          made.terms.push_back({std::string(loss_name(options().loss)) + "({}, {})", {a, y}});
      }
    }
    return made;
  }

  Derivation log_sum() const {
    Derivation made{{"ln(", {}}, {}, {")", {}}};
    for (std::size_t k = 0; k < step.of("y").columns; ++k)
      made.terms.push_back({"e^{}", {entry(numbered("a", top()), at.row, k)}});
    return made;
  }

  Derivation link() const {
    const Entry a = entry(numbered("a", top()), at.row, at.column);
    if (options().loss.kind == LossKind::softmax_cross_entropy)
      return single("e^({} - {})", {a, entry("log_sum", at.row, 0)});
    return single(options().loss.kind == LossKind::poisson ? "e^{}" : "1 / (1 + e^-{})", {a});
  }

  // Softmax distributes the sum of the targets, which is 1 but for a caller's own.
  std::string mass_of_targets() const {
    double mass = 0;
    for (std::size_t k = 0; k < step.of(target()).columns; ++k) mass += entry(target(), at.row, k).truth();
    const bool is_one = mass > 1 - 1e-9 && mass < 1 + 1e-9;
    return options().loss.kind != LossKind::softmax_cross_entropy || is_one ? "" : " * " + text(mass);
  }

  Derivation d_output() const {
    const Entry share = entry("share", at.row, 0), y = entry(target(), at.row, at.column);
    const Entry a = entry(numbered("a", top()), at.row, at.column);
    switch (options().loss.kind) {
      case LossKind::half_squared_error:
        return single("{} * ({} - {})", {share, a, y});
      case LossKind::absolute_error:
        return single("{} * sign({} - {})", {share, a, y});
      case LossKind::huber:
        return single("{} * huber'({} - {})", {share, a, y});
      case LossKind::custom:
        return single("{} * " + std::string(loss_name(options().loss)) + "'({}, {})", {share, a, y});
      default:
        return single("{} * ({}" + mass_of_targets() + " - {})", {share, entry("p", at.row, at.column), y});
    }
  }

  Derivation d_a() const {
    if (name.layer == top()) return d_output();
    Derivation made;
    const Tensor& w = step.of(numbered("W", name.layer));
    for (std::size_t i = 0; i < w.rows; ++i)
      made.terms.push_back({"{} * {}", {{&w, i, at.column}, entry(numbered("delta", name.layer + 1), at.row, i)}});
    if (!has(numbered("mask", name.layer))) return made;
    made.before = {"{} * (", {entry(numbered("mask", name.layer), at.row, at.column)}};
    made.after = {")", {}};
    return made;
  }

  Derivation delta() const {
    return single("{} * {}", {entry(numbered("d_a", name.layer), at.row, at.column),
                              entry(numbered("slope", name.layer), at.row, at.column)});
  }

  Derivation gradient(bool of_bias) const {
    Derivation made;
    const std::string delta = numbered("delta", name.layer + 1);
    for (std::size_t row = 0; row < rows(); ++row) {
      if (of_bias)
        made.terms.push_back({"{}", {entry(delta, row, at.row)}});
      else
        made.terms.push_back({"{} * {}", {entry(delta, row, at.row), entry(fed(name.layer), row, at.column)}});
    }
    return made;
  }

  double lambda() const {
    return options().weight_decay * explanation.architecture.layers[name.layer - 1].decay_multiplier;
  }

  Derivation full_gradient(bool of_bias) const {
    Derivation made;
    const Entry loss_part = entry(numbered(of_bias ? "db" : "dW", name.layer), at.row, at.column);
    if (has("clip"))
      made.terms.push_back({"{} * {}", {scalar("clip"), loss_part}});
    else
      made.terms.push_back({"{}", {loss_part}});
    if (!of_bias && lambda() != 0)
      made.terms.push_back({text(lambda()) + " * {}", {entry(numbered("W", name.layer), at.row, at.column)}});
    return made;
  }

  // g of the update rules: the full gradient, or dW where nothing is added to it.
  Entry g(bool of_bias) const {
    const std::string full = numbered(of_bias ? "g_b" : "g_W", name.layer);
    return entry(has(full) ? full : numbered(of_bias ? "db" : "dW", name.layer), at.row, at.column);
  }
  Entry memory(const char* which, bool of_bias, bool after) const {
    return entry(which + numbered(of_bias ? "b" : "W", name.layer) + (after ? "_after" : ""), at.row, at.column);
  }

  Derivation first_after(bool of_bias) const {
    const Entry before = memory("first_", of_bias, false), now = g(of_bias);
    const auto keep = [&](double share) {
      return Derivation{{}, {{text(share) + " * {}", {before}}, {"{}", {now}}}, {}};
    };
    if (const auto* rule = std::get_if<Momentum>(&options().optimizer)) return keep(rule->momentum);
    if (const auto* rule = std::get_if<Nesterov>(&options().optimizer)) return keep(rule->momentum);
    if (std::holds_alternative<Adagrad>(options().optimizer)) return {{}, {{"{}", {before}}, {"{}^2", {now}}}, {}};
    if (const auto* rule = std::get_if<RmsProp>(&options().optimizer))
      return {{}, {{text(rule->rho) + " * {}", {before}}, {text(1 - rule->rho) + " * {}^2", {now}}}, {}};
    if (std::holds_alternative<Rprop>(options().optimizer))
      return single("rprop({}; gradient {}, last {})", {before, now, memory("second_", of_bias, false)});
    const double beta1 = mean_share();
    return {{}, {{text(beta1) + " * {}", {before}}, {text(1 - beta1) + " * {}", {now}}}, {}};
  }

  double mean_share() const {
    const auto* adam = std::get_if<Adam>(&options().optimizer);
    return adam != nullptr ? adam->beta1 : std::get<AdamW>(options().optimizer).beta1;
  }

  Derivation second_after(bool of_bias) const {
    const Entry before = memory("second_", of_bias, false), now = g(of_bias);
    if (std::holds_alternative<Rprop>(options().optimizer)) return single("({}, or 0 where its sign turned)", {now});
    const auto* adam = std::get_if<Adam>(&options().optimizer);
    const double beta2 = adam != nullptr ? adam->beta2 : std::get<AdamW>(options().optimizer).beta2;
    return {{}, {{text(beta2) + " * {}", {before}}, {text(1 - beta2) + " * {}^2", {now}}}, {}};
  }

  Derivation updated(bool of_bias) const {
    const Layer& of = explanation.architecture.layers[name.layer - 1];
    const std::string rate = text(options().learning_rate * (of_bias ? of.bias_multiplier : of.weight_multiplier));
    const Entry p = entry(numbered(of_bias ? "b" : "W", name.layer), at.row, at.column);
    Derivation made = step_of(of_bias, rate, p);
    if (of_bias || of.max_norm == 0) return made;
    made.before = {"(", {}};
    made.after = {"), its row of W no longer than " + text(of.max_norm), {}};
    return made;
  }

  Derivation step_of(bool of_bias, const std::string& rate, const Entry& p) const {
    const auto minus = [&](const std::string& direction, std::vector<Entry> factors) {
      factors.insert(factors.begin(), p);
      return single("{} - " + rate + " * " + direction, std::move(factors));
    };
    return std::visit(
        [&](const auto& rule) -> Derivation {
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

  Derivation decay() const {
    Derivation made;
    for (std::size_t l = 1; l < top(); ++l) {
      const double half = 0.5 * options().weight_decay * explanation.architecture.layers[l - 1].decay_multiplier;
      const Tensor& w = step.of(numbered("W", l) + (name.after ? "_after" : ""));
      if (half != 0)
        for (std::size_t k = 0; k < w.engine.size(); ++k)
          made.terms.push_back({text(half) + " * {}^2", {{&w, k / w.columns, k % w.columns}}});
    }
    if (made.terms.empty()) made.terms.push_back({"0", {}});
    return made;
  }

  Derivation norm() const {
    Derivation made{{"sqrt(", {}}, {}, {")", {}}};
    for (std::size_t l = 1; l < top(); ++l)
      for (const char* symbol : {"dW", "db"}) {
        const Tensor& of = step.of(numbered(symbol, l));
        for (std::size_t k = 0; k < of.engine.size(); ++k)
          made.terms.push_back({"{}^2", {{&of, k / of.columns, k % of.columns}}});
      }
    return made;
  }

  Derivation loss() const {
    if (name.after) return {};  // made by a forward pass of its own
    Derivation made;
    for (std::size_t row = 0; row < rows(); ++row)
      made.terms.push_back({"{} * {}", {entry("share", row, 0), entry("sample_loss", row, 0)}});
    return made;
  }

  Derivation scalars() const {
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

  Derivation run() const {
    const std::string& symbol = name.symbol;
    const bool of_bias = !symbol.empty() && symbol.back() == 'b';
    if (symbol == "z") return z();
    if (symbol == "a") return a();
    if (symbol == "fed")
      return single("{} * {}", {entry(numbered("a", name.layer), at.row, at.column),
                                entry(numbered("mask", name.layer), at.row, at.column)});
    if (symbol == "p") return link();
    if (symbol == "log_sum") return log_sum();
    if (symbol == "sample_loss") return sample_loss();
    if (symbol == "d_a") return d_a();
    if (symbol == "slope") return slope();
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
  const char last = parts.symbol.back();
  if (entry.tensor->rows == 1 && entry.tensor->columns == 1 && parts.layer == 0) return entry.tensor->name;
  if (parts.layer > 0 && last == 'W')
    return fmt::format("{}[{},{}]", entry.tensor->name, entry.row + 1, entry.column + 1);
  if (parts.layer > 0 && last == 'b') return fmt::format("{}[{}]", entry.tensor->name, entry.row + 1);
  const bool per_row = parts.symbol == "share" || parts.symbol == "sample_loss" || parts.symbol == "log_sum";
  const bool many = explanation.rows.size() > 1;
  if (per_row)
    return many ? fmt::format("{}[row {}]", entry.tensor->name, explanation.rows[entry.row]) : entry.tensor->name;
  return many ? fmt::format("{}[{}; row {}]", entry.tensor->name, entry.column + 1, explanation.rows[entry.row])
              : fmt::format("{}[{}]", entry.tensor->name, entry.column + 1);
}

Derivation derive(const Explanation& explanation, const ExplainedStep& step, const Entry& entry) {
  return Deriver{explanation, step, entry, parts_of(entry.tensor->name)}.run();
}

}  // namespace chainrule
