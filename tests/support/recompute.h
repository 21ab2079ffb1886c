// SPDX-License-Identifier: Apache-2.0
// Recomputes an explanation from its JSON alone: every result from the factors in the document, by the
// formulas of docs/formats.md and the standard math library. It includes nothing of the project.
#pragma once

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/train_step.h"

namespace recompute {

using Json = nlohmann::json;

struct Tensor {
  std::size_t rows = 0, columns = 0;
  std::vector<double> engine, bound;
  double operator()(std::size_t i, std::size_t j) const { return engine[i * columns + j]; }
};

inline double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }
inline double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }
inline double softplus(double z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }

inline double activation(const std::string& name, double z) {
  if (name == "relu") return z > 0 ? z : 0;
  if (name == "leaky_relu") return z > 0 ? z : 0.01 * z;
  if (name == "elu") return z > 0 ? z : std::expm1(z);
  if (name == "selu") return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * std::expm1(z));
  if (name == "sigmoid") return sigmoid(z);
  if (name == "tanh") return std::tanh(z);
  if (name == "softplus") return softplus(z);
  if (name == "silu") return z * sigmoid(z);
  if (name == "gelu") return z * normal_cdf(z);
  if (name == "mish") return z * std::tanh(softplus(z));
  return z;
}

inline double slope(const std::string& name, double z) {
  const double s = sigmoid(z), t = std::tanh(softplus(z));
  if (name == "relu") return z > 0 ? 1 : 0;
  if (name == "leaky_relu") return z > 0 ? 1 : 0.01;
  if (name == "elu") return z > 0 ? 1 : std::exp(z);
  if (name == "selu") return 1.0507009873554805 * (z > 0 ? 1 : 1.6732632423543772 * std::exp(z));
  if (name == "sigmoid") return s * (1 - s);
  if (name == "tanh") return 1 - std::tanh(z) * std::tanh(z);
  if (name == "softplus") return s;
  if (name == "silu") return s + z * s * (1 - s);
  if (name == "gelu") return normal_cdf(z) + z * std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
  if (name == "mish") return t + z * (1 - t * t) * s;
  return 1;
}

/// The result: the count of numbers, and those that do not follow from their factors.
struct Result {
  std::size_t numbers = 0;
  std::vector<std::string> wrong;
};

class Step {
 public:
  Step(const Json& document, const Json& step) : document_(document) {
    for (const Json& tensor : step["tensors"]) {
      Tensor& t = tensors_[tensor["name"]];
      t.rows = tensor["rows"];
      t.columns = tensor["columns"];
      t.engine = tensor["engine"].get<std::vector<double>>();
      t.bound = tensor["bound"].get<std::vector<double>>();
    }
    number_ = step["step"];
    top_ = document["network"]["layers"].size() + 1;
  }

  Result run() {
    inputs();
    for (std::size_t l = 1; l < top_; ++l) forward(l);
    losses();
    for (std::size_t l = top_; l > 1; --l) backward(l);
    for (std::size_t l = 1; l < top_; ++l) gradients(l);
    norm();
    for (std::size_t l = 1; l < top_; ++l)
      for (const char* symbol : {"W", "b"}) update(l, symbol);
    after();
    return result_;
  }

 private:
  bool has(const std::string& name) const { return tensors_.count(name) > 0; }
  const Tensor& of(const std::string& name) const { return tensors_.at(name); }
  const Tensor& of(const std::string& symbol, std::size_t l) const { return of(symbol + std::to_string(l)); }
  const Tensor& fed(std::size_t l) const { return has("fed" + std::to_string(l)) ? of("fed", l) : of("a", l); }
  const Json& layer(std::size_t l) const { return document_["network"]["layers"][l - 2]; }
  std::size_t rows() const { return of("a1").rows; }

  template <class Made>
  void compare(const std::string& name, Made made) {
    const Tensor& t = of(name);
    for (std::size_t i = 0; i < t.rows; ++i)
      for (std::size_t j = 0; j < t.columns; ++j) {
        const double got = made(i, j), expected = t(i, j);
        ++result_.numbers;
        if (std::abs(got - expected) <= t.bound[i * t.columns + j] + 1e-11 * std::abs(expected)) continue;
        result_.wrong.push_back(name + "[" + std::to_string(i + 1) + "," + std::to_string(j + 1) +
                                "]: " + std::to_string(got) + " is not " + std::to_string(expected));
      }
  }

  // Straight lines between (landmark, score).
  static double between(const Json& landmarks, const Json& scores, double x) {
    std::size_t k = 0;
    while (k < landmarks.size() && landmarks[k].get<double>() <= x) ++k;
    if (k == 0 || k == landmarks.size()) return scores[k == 0 ? 0 : k - 1];
    const double low = landmarks[k - 1], high = landmarks[k], from = scores[k - 1], to = scores[k];
    return from + (x - low) / (high - low) * (to - from);
  }

  void inputs() {
    const Json& columns = document_["columns"];
    if (columns.empty()) return;
    compare("a1", [&](std::size_t i, std::size_t j) {
      const double raw = std::stod(document_["raw_inputs"][i][j].get<std::string>());
      if (columns[j]["constant"]) return 0.0;
      double v = (raw - columns[j]["shift"].get<double>()) / columns[j]["scale"].get<double>();
      if (columns[j]["clipped"]) v /= std::sqrt(1 + v * v / 9);
      if (!columns[j]["landmarks"].empty()) v = between(columns[j]["landmarks"], columns[j]["scores"], raw);
      return static_cast<double>(static_cast<float>(v));
    });
  }

  void forward(std::size_t l) {
    const std::string here = std::to_string(l), above = std::to_string(l + 1);
    if (has("fed" + here))
      compare("fed" + here, [&](std::size_t i, std::size_t j) { return of("a", l)(i, j) * of("mask", l)(i, j); });
    compare("z" + above, [&](std::size_t i, std::size_t k) {
      double sum = of("b", l)(k, 0);
      for (std::size_t j = 0; j < fed(l).columns; ++j) sum += of("W", l)(k, j) * fed(l)(i, j);
      return sum;
    });
    compare("a" + above,
            [&](std::size_t i, std::size_t j) { return activation(layer(l + 1)["activation"], of("z", l + 1)(i, j)); });
  }

  double target(std::size_t i, std::size_t k) const { return of(has("y_smooth") ? "y_smooth" : "y")(i, k); }

  double output_loss(std::size_t i, std::size_t k) const {
    const std::string name = document_["loss"]["name"];
    const double a = of("a", top_)(i, k), y = target(i, k), d = a - y;
    if (name == "half_squared_error") return d * d / 2;
    if (name == "absolute_error") return std::abs(d);
    if (name == "poisson") return std::exp(a) - y * a;
    if (name == "softmax_cross_entropy") return y * (of("log_sum")(i, 0) - a);
    if (name == "sigmoid_cross_entropy") return softplus(a) - y * a;
    const double bound = document_["loss"]["huber_delta"];
    return std::abs(d) <= bound ? d * d / 2 : bound * (std::abs(d) - bound / 2);
  }

  double output_derivative(std::size_t i, std::size_t k) const {
    const std::string name = document_["loss"]["name"];
    const double a = of("a", top_)(i, k), y = target(i, k), d = a - y;
    if (name == "half_squared_error") return d;
    if (name == "absolute_error") return d > 0 ? 1 : d < 0 ? -1 : 0;
    if (name == "huber")
      return std::max(-1.0, std::min(1.0, d / document_["loss"]["huber_delta"].get<double>())) *
             document_["loss"]["huber_delta"].get<double>();
    double mass = 1;
    if (name == "softmax_cross_entropy") {
      mass = 0;
      for (std::size_t j = 0; j < of("y").columns; ++j) mass += target(i, j);
    }
    return of("p")(i, k) * mass - y;
  }

  void losses() {
    const Tensor& a = of("a", top_);
    const std::string link = document_["loss"]["link"];
    if (has("log_sum"))
      compare("log_sum", [&](std::size_t i, std::size_t) {
        double sum = 0;
        for (std::size_t k = 0; k < a.columns; ++k) sum += std::exp(a(i, k) - a(i, 0));
        return a(i, 0) + std::log(sum);
      });
    if (has("p"))
      compare("p", [&](std::size_t i, std::size_t k) {
        if (link == "softmax") return std::exp(a(i, k) - of("log_sum")(i, 0));
        return link == "sigmoid" ? sigmoid(a(i, k)) : std::exp(a(i, k));
      });
    compare("sample_loss", [&](std::size_t i, std::size_t) {
      double sum = 0;
      for (std::size_t k = 0; k < a.columns; ++k) sum += output_loss(i, k);
      return sum;
    });
    compare("loss", [&](std::size_t, std::size_t) {
      double sum = 0;
      for (std::size_t i = 0; i < rows(); ++i) sum += of("share")(i, 0) * of("sample_loss")(i, 0);
      return sum;
    });
    decay("");
  }

  void decay(const std::string& after) {
    compare("decay_term" + after, [&](std::size_t, std::size_t) {
      double sum = 0;
      for (std::size_t l = 1; l < top_; ++l)
        for (const double w : of("W" + std::to_string(l) + after).engine)
          sum += document_["weight_decay"].get<double>() / 2 * layer(l + 1)["decay_multiplier"].get<double>() * w * w;
      return sum;
    });
    compare("objective" + after,
            [&](std::size_t, std::size_t) { return of("loss" + after)(0, 0) + of("decay_term" + after)(0, 0); });
  }

  void backward(std::size_t l) {
    const std::string here = std::to_string(l);
    compare("d_a" + here, [&](std::size_t i, std::size_t j) {
      if (l == top_) return of("share")(i, 0) * output_derivative(i, j);
      double sum = 0;
      for (std::size_t k = 0; k < of("W", l).rows; ++k) sum += of("W", l)(k, j) * of("delta", l + 1)(i, k);
      return has("mask" + here) ? sum * of("mask", l)(i, j) : sum;
    });
    compare("slope" + here,
            [&](std::size_t i, std::size_t j) { return slope(layer(l)["activation"], of("z", l)(i, j)); });
    compare("delta" + here, [&](std::size_t i, std::size_t j) { return of("d_a", l)(i, j) * of("slope", l)(i, j); });
  }

  double lambda(std::size_t l) const {
    return document_["weight_decay"].get<double>() * layer(l + 1)["decay_multiplier"].get<double>();
  }

  void gradients(std::size_t l) {
    const std::string here = std::to_string(l);
    compare("dW" + here, [&](std::size_t k, std::size_t j) {
      double sum = 0;
      for (std::size_t i = 0; i < rows(); ++i) sum += of("delta", l + 1)(i, k) * fed(l)(i, j);
      return sum;
    });
    compare("db" + here, [&](std::size_t k, std::size_t) {
      double sum = 0;
      for (std::size_t i = 0; i < rows(); ++i) sum += of("delta", l + 1)(i, k);
      return sum;
    });
    const double clip = has("clip") ? of("clip")(0, 0) : 1;
    if (has("g_W" + here))
      compare("g_W" + here, [&](std::size_t k, std::size_t j) {
        const double decay = document_["optimizer"]["name"] == "adamw" ? 0 : lambda(l);
        return clip * of("dW", l)(k, j) + decay * of("W", l)(k, j);
      });
    if (has("g_b" + here)) compare("g_b" + here, [&](std::size_t k, std::size_t) { return clip * of("db", l)(k, 0); });
  }

  void norm() {
    compare("gradient_norm", [&](std::size_t, std::size_t) {
      double sum = 0;
      for (std::size_t l = 1; l < top_; ++l)
        for (const char* symbol : {"dW", "db"})
          for (const double g : of(symbol, l).engine) sum += g * g;
      return std::sqrt(sum);
    });
    if (has("clip"))
      compare("clip", [&](std::size_t, std::size_t) {
        return std::min(1.0, document_["clip_norm"].get<double>() / of("gradient_norm")(0, 0));
      });
  }

  double number(const char* key) const { return document_["optimizer"][key]; }

  // The optimizer state, then the parameters.
  void update(std::size_t l, const std::string& symbol) {
    const std::string p = symbol + std::to_string(l), name = document_["optimizer"]["name"];
    const Tensor& g = of(has("g_" + p) ? "g_" + p : "d" + p);
    if (has("first_" + p))
      compare("first_" + p + "_after", [&](std::size_t i, std::size_t j) { return first(name, p, g, i, j); });
    if (has("second_" + p))
      compare("second_" + p + "_after", [&](std::size_t i, std::size_t j) {
        const double before = of("second_" + p)(i, j), now = g(i, j);
        if (name == "rprop") return before * now < 0 ? 0 : now;
        return number("beta2") * before + (1 - number("beta2")) * now * now;
      });
    const double rate = document_["learning_rate"].get<double>() *
                        layer(l + 1)[symbol == "W" ? "weight_multiplier" : "bias_multiplier"].get<double>();
    const auto moved = [&](std::size_t i, std::size_t j) {
      return of(p)(i, j) - direction(name, p, g, rate, symbol == "W" ? lambda(l) : 0, i, j);
    };
    const double maximum = symbol == "W" ? layer(l + 1)["max_norm"].get<double>() : 0;
    compare(p + "_after", [&](std::size_t i, std::size_t j) {
      double squares = 0;
      for (std::size_t k = 0; maximum > 0 && k < of(p).columns; ++k) squares += moved(i, k) * moved(i, k);
      return squares > maximum * maximum ? moved(i, j) * maximum / std::sqrt(squares) : moved(i, j);
    });
  }

  double first(const std::string& name, const std::string& p, const Tensor& g, std::size_t i, std::size_t j) const {
    const double before = of("first_" + p)(i, j), now = g(i, j);
    if (name == "momentum" || name == "nesterov") return number("momentum") * before + now;
    if (name == "adagrad") return before + now * now;
    if (name == "rmsprop") return number("rho") * before + (1 - number("rho")) * now * now;
    if (name != "rprop") return number("beta1") * before + (1 - number("beta1")) * now;
    const double last = of("second_" + p)(i, j);
    const double size = number_ == 1 ? rate_of(p) : before;
    if (last * now > 0) return std::min(size * number("increase"), number("largest"));
    return last * now < 0 ? std::max(size * number("decrease"), number("smallest")) : size;
  }
  double rate_of(const std::string& p) const {
    const Json& into = layer(std::stoul(p.substr(1)) + 1);
    return document_["learning_rate"].get<double>() *
           into[p[0] == 'W' ? "weight_multiplier" : "bias_multiplier"].get<double>();
  }

  double direction(const std::string& name, const std::string& p, const Tensor& g, double rate, double decay,
                   std::size_t i, std::size_t j) const {
    const double now = g(i, j);
    if (name == "sgd") return rate * now;
    const double first = of("first_" + p + "_after")(i, j);
    if (name == "momentum") return rate * first;
    if (name == "nesterov") return rate * (now + number("momentum") * first);
    if (name == "adagrad" || name == "rmsprop") return rate * now / (std::sqrt(first) + number("epsilon"));
    const double second = of("second_" + p + "_after")(i, j);
    if (name == "rprop") return second > 0 ? first : second < 0 ? -first : 0;
    const double mean = first / (1 - std::pow(number("beta1"), number_));
    const double square = second / (1 - std::pow(number("beta2"), number_));
    const double step = mean / (std::sqrt(square) + number("epsilon"));
    return rate * (step + (name == "adamw" ? decay * of(p)(i, j) : 0));
  }

  // The loss with the new weights: the same rows and masks, forward once more.
  void after() {
    std::vector<std::vector<double>> x(rows());
    for (std::size_t i = 0; i < rows(); ++i) {
      for (std::size_t j = 0; j < of("a1").columns; ++j) x[i].push_back(fed(1)(i, j));
      for (std::size_t l = 1; l < top_; ++l) {
        const Tensor& w = of("W" + std::to_string(l) + "_after");
        std::vector<double> above(w.rows);
        for (std::size_t k = 0; k < w.rows; ++k) {
          above[k] = of("b" + std::to_string(l) + "_after")(k, 0);
          for (std::size_t j = 0; j < w.columns; ++j) above[k] += w(k, j) * x[i][j];
          above[k] = activation(layer(l + 1)["activation"], above[k]);
          if (has("mask" + std::to_string(l + 1))) above[k] *= of("mask", l + 1)(i, k);
        }
        x[i] = above;
      }
    }
    Tensor& outputs = tensors_["a" + std::to_string(top_)];
    for (std::size_t i = 0; i < rows(); ++i)
      for (std::size_t k = 0; k < outputs.columns; ++k) outputs.engine[i * outputs.columns + k] = x[i][k];
    if (has("log_sum"))
      for (std::size_t i = 0; i < rows(); ++i) {
        double sum = 0;
        for (const double a : x[i]) sum += std::exp(a - x[i][0]);
        tensors_["log_sum"].engine[i] = x[i][0] + std::log(sum);
      }
    compare("loss_after", [&](std::size_t, std::size_t) {
      double sum = 0;
      for (std::size_t i = 0; i < rows(); ++i)
        for (std::size_t k = 0; k < outputs.columns; ++k) sum += of("share")(i, 0) * output_loss(i, k);
      return sum;
    });
    decay("_after");
  }

  const Json& document_;
  std::map<std::string, Tensor> tensors_;
  Result result_;
  double number_ = 0;
  std::size_t top_ = 0;
};

/// All steps of a document.
inline Result whole(const std::string& text) {
  const Json document = Json::parse(text);
  Result all;
  for (const Json& step : document["steps"]) {
    const Result one = Step(document, step).run();
    all.numbers += one.numbers;
    all.wrong.insert(all.wrong.end(), one.wrong.begin(), one.wrong.end());
  }
  return all;
}

}  // namespace recompute
