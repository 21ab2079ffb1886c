// SPDX-License-Identifier: Apache-2.0
// Each loss: its value for one sample, directly followed by its derivative with respect to each output. Sorted by
// difficulty. `a` is a row of outputs, `y` the row of targets; put(k, d) takes the derivative with respect to output k.
#include "chainrule/engine/formulas/loss_formulas.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/base/elementary.h"
#include "chainrule/engine/kernels/tree.h"

namespace chainrule {
namespace {

double real(float x) { return double(x); }
double real(double x) { return x; }
double real(std::complex<double> x) { return x.real(); }

// 1/2 |a - y|^2: M4, (5); its derivative a - y is the first factor of M7, (13), (20).
struct HalfSquaredError {
  template <class T, class A, class Y>
  T value(A a, Y y) const {
    T sum{};
    for (std::size_t k = 0; k < a.size(); ++k) sum += 0.5 * (T(a[k]) - double(y[k])) * (T(a[k]) - double(y[k]));
    return sum;
  }
  template <class A, class Y, class Put>
  void gradient(A a, Y y, Put put) const {
    for (std::size_t k = 0; k < a.size(); ++k) put(k, double(a[k]) - double(y[k]));
  }
};

struct AbsoluteError {
  template <class T, class A, class Y>
  T value(A a, Y y) const {
    T sum{};
    for (std::size_t k = 0; k < a.size(); ++k) {
      const T d = T(a[k]) - double(y[k]);
      sum += real(d) < 0 ? -d : d;
    }
    return sum;
  }
  template <class A, class Y, class Put>
  void gradient(A a, Y y, Put put) const {
    for (std::size_t k = 0; k < a.size(); ++k) {
      const double d = double(a[k]) - double(y[k]);
      put(k, d > 0 ? 1.0 : d < 0 ? -1.0 : d);  // 0 and NaN stay unchanged
    }
  }
};

struct Huber {
  double bound;
  template <class T, class A, class Y>
  T value(A a, Y y) const {
    T sum{};
    for (std::size_t k = 0; k < a.size(); ++k) {
      const T d = T(a[k]) - double(y[k]);
      const T size = real(d) < 0 ? -d : d;
      sum += real(size) <= bound ? 0.5 * d * d : bound * (size - 0.5 * bound);
    }
    return sum;
  }
  template <class A, class Y, class Put>
  void gradient(A a, Y y, Put put) const {
    for (std::size_t k = 0; k < a.size(); ++k) {
      const double d = double(a[k]) - double(y[k]);
      put(k, d > bound ? bound : d < -bound ? -bound : d);
    }
  }
};

struct Poisson {
  template <class T, class A, class Y>
  T value(A a, Y y) const {
    T sum{};
    for (std::size_t k = 0; k < a.size(); ++k) sum += elementary::exp(T(a[k])) - double(y[k]) * T(a[k]);
    return sum;
  }
  template <class A, class Y, class Put>
  void gradient(A a, Y y, Put put) const {
    for (std::size_t k = 0; k < a.size(); ++k) put(k, elementary::exp(double(a[k])) - double(y[k]));
  }
};

struct SigmoidCrossEntropy {
  double smoothing;
  double smooth(double y) const { return smoothing == 0 ? y : (1 - smoothing) * y + 0.5 * smoothing; }
  template <class T, class A, class Y>
  T value(A a, Y y) const {
    T sum{};
    for (std::size_t k = 0; k < a.size(); ++k) {  // ln(1 + e^a) - y a, without overflow
      const T z(a[k]);
      const T softplus =
          real(z) > 0 ? z + elementary::log1p(elementary::exp(-z)) : elementary::log1p(elementary::exp(z));
      sum += softplus - smooth(double(y[k])) * z;
    }
    return sum;
  }
  template <class A, class Y, class Put>
  void gradient(A a, Y y, Put put) const {
    for (std::size_t k = 0; k < a.size(); ++k) put(k, 1 / (1 + elementary::exp(-double(a[k]))) - smooth(double(y[k])));
  }
};

struct SoftmaxCrossEntropy {
  double smoothing;
  template <class Y>
  double smooth(Y y, std::size_t k) const {
    return smoothing == 0 ? double(y[k]) : (1 - smoothing) * double(y[k]) + smoothing / static_cast<double>(y.size());
  }
  template <class A>
  static double largest(A a) {
    double maximum = real(a[0]);
    for (std::size_t k = 1; k < a.size(); ++k) maximum = real(a[k]) > maximum ? real(a[k]) : maximum;
    return maximum;
  }
  template <class T, class A, class Y>
  T value(A a, Y y) const {  // sum y (ln sum e^a - a), shifted by the largest a so that no e^a overflows
    const double shift = largest(a);
    T sum{};
    for (std::size_t k = 0; k < a.size(); ++k) sum += elementary::exp(T(a[k]) - shift);
    const T log_sum = elementary::log(sum);
    T loss{};
    for (std::size_t k = 0; k < a.size(); ++k) loss += smooth(y, k) * (log_sum - (T(a[k]) - shift));
    return loss;
  }
  template <class A, class Y, class Put>
  void gradient(A a, Y y, Put put) const {  // softmax(a) sum y - y
    const double shift = largest(a);
    double sum = 0, mass = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
      sum += elementary::exp(double(a[k]) - shift);
      mass += smooth(y, k);
    }
    for (std::size_t k = 0; k < a.size(); ++k)
      put(k, elementary::exp(double(a[k]) - shift) / sum * mass - smooth(y, k));
  }
  // The same numbers with each e^a computed once; for at most kFew outputs, since they must be stored.
  static constexpr std::size_t kFew = 64;
  template <class A, class Y, class Put>
  double value_and_gradient(A a, Y y, Put put) const {
    const double shift = largest(a);
    std::array<double, kFew> e;
    for (std::size_t k = 0; k < a.size(); ++k) e[k] = elementary::exp(double(a[k]) - shift);
    double sum = 0, mass = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
      sum += e[k];
      mass += smooth(y, k);
    }
    const double log_sum = elementary::log(sum);
    double loss = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
      loss += smooth(y, k) * (log_sum - (double(a[k]) - shift));
      put(k, e[k] / sum * mass - smooth(y, k));
    }
    return loss;
  }
};

struct UserLoss {
  const CustomLoss* functions;
  template <class T, class A, class Y>
  T value(A a, Y y) const {
    if constexpr (std::is_same_v<T, double>)
      return functions->value(doubles(a), doubles(y));
    else
      throw Error(ErrorCategory::internal, "complex step: a custom loss has no complex form");
  }
  template <class A, class Y, class Put>
  void gradient(A a, Y y, Put put) const {
    std::vector<double> d(a.size());
    functions->gradient(doubles(a), doubles(y), d);
    for (std::size_t k = 0; k < d.size(); ++k) put(k, d[k]);
  }

 private:
  template <class Span>
  static std::vector<double> doubles(Span values) {
    return std::vector<double>(values.begin(), values.end());
  }
};

// Chooses the rule once per call, not once per number.
template <class Work>
auto with_rule(const Loss& loss, Work work) {
  switch (loss.kind) {
    case LossKind::half_squared_error:
      return work(HalfSquaredError{});
    case LossKind::absolute_error:
      return work(AbsoluteError{});
    case LossKind::huber:
      return work(Huber{loss.huber_delta});
    case LossKind::poisson:
      return work(Poisson{});
    case LossKind::softmax_cross_entropy:
      return work(SoftmaxCrossEntropy{loss.label_smoothing});
    case LossKind::sigmoid_cross_entropy:
      return work(SigmoidCrossEntropy{loss.label_smoothing});
    case LossKind::custom:
      break;
  }
  return work(UserLoss{&functions_of(loss)});
}

enum class Link { identity, softmax, sigmoid, exp };

Link link_of(const Loss& loss) {
  switch (loss.kind) {
    case LossKind::softmax_cross_entropy:
      return Link::softmax;
    case LossKind::sigmoid_cross_entropy:
      return Link::sigmoid;
    case LossKind::poisson:
      return Link::exp;
    default:
      return Link::identity;
  }
}

// Computed in double and rounded once.
template <class T>
void softmax(std::span<T> row) {
  const double shift = SoftmaxCrossEntropy::largest(row);
  double sum = 0;
  for (const T a : row) sum += elementary::exp(double(a) - shift);
  for (T& a : row) a = static_cast<T>(elementary::exp(double(a) - shift) / sum);
}

template <class T>
void link_row(Link link, std::span<T> row) {
  switch (link) {
    case Link::identity:
      return;
    case Link::softmax:
      return softmax(row);
    case Link::sigmoid:
      for (T& a : row) a = static_cast<T>(1 / (1 + elementary::exp(-double(a))));
      return;
    case Link::exp:
      for (T& a : row) a = static_cast<T>(elementary::exp(double(a)));
      return;
  }
}

}  // namespace

const CustomLoss& functions_of(const Loss& loss) {
  if (!loss.custom) throw Error(ErrorCategory::usage, "loss: expected functions for kind custom, found none");
  return *loss.custom;
}

std::string_view link_name(const Loss& loss) {
  switch (link_of(loss)) {
    case Link::softmax:
      return "softmax";
    case Link::sigmoid:
      return "sigmoid";
    case Link::exp:
      return "exp";
    case Link::identity:
      break;
  }
  return "identity";
}

void apply_link(const Loss& loss, std::span<double> outputs) { link_row(link_of(loss), outputs); }

void apply_link(const Loss& loss, std::span<float> outputs) { link_row(link_of(loss), outputs); }

double smoothed_target(const Loss& loss, double target, std::size_t outputs) {
  if (loss.kind == LossKind::sigmoid_cross_entropy) return SigmoidCrossEntropy{loss.label_smoothing}.smooth(target);
  const double fraction = loss.kind == LossKind::softmax_cross_entropy ? loss.label_smoothing : 0;
  return fraction == 0 ? target : (1 - fraction) * target + fraction / static_cast<double>(outputs);
}

double loss_value(const Loss& loss, std::span<const double> output, std::span<const double> target) {
  expect_equal(output.size(), target.size(), "targets of a row");
  return with_rule(loss, [&](const auto& rule) { return rule.template value<double>(output, target); });
}

void loss_gradient(const Loss& loss, std::span<const double> output, std::span<const double> target,
                   std::span<double> gradient) {
  expect_equal(output.size(), target.size(), "targets of a row");
  expect_equal(output.size(), gradient.size(), "gradients of a row");
  with_rule(loss, [&](const auto& rule) {
    rule.gradient(output, target, [&](std::size_t k, double d) { gradient[k] = d; });
  });
}

std::complex<double> loss_value(const Loss& loss, std::span<const std::complex<double>> output,
                                std::span<const double> target) {
  if (loss.kind == LossKind::custom)
    throw Error(ErrorCategory::internal, "complex step: a custom loss has no complex form");
  return with_rule(loss, [&](const auto& rule) -> std::complex<double> {
    if constexpr (std::is_same_v<std::decay_t<decltype(rule)>, UserLoss>)
      return {};
    else
      return rule.template value<std::complex<double>>(output, target);
  });
}

bool loss_is_smooth(const Loss& loss) {
  return loss.kind != LossKind::absolute_error && loss.kind != LossKind::huber && loss.kind != LossKind::custom;
}

void losses_and_gradient(const Loss& loss, ConstMatrixView outputs, ConstMatrixView targets,
                         std::span<const float> scale, MatrixView d_outputs, std::span<double> losses) {
  expect_equal(outputs.rows(), targets.rows(), "rows of the targets");
  expect_equal(outputs.columns(), targets.columns(), "columns of the targets");
  expect_equal(outputs.rows(), scale.size(), "scales of the rows");
  expect_equal(outputs.rows(), d_outputs.rows(), "rows of the output gradients");
  expect_equal(outputs.columns(), d_outputs.columns(), "columns of the output gradients");
  expect_equal(outputs.rows(), losses.size(), "losses of the rows");
  with_rule(loss, [&](const auto& rule) {
    for (std::size_t i = 0; i < outputs.rows(); ++i) {
      const std::span<const float> a = outputs.row(i), y = targets.row(i);
      const std::span<float> d_a = d_outputs.row(i);
      const double row_scale = scale[i];
      const auto put = [&](std::size_t k, double d) { d_a[k] = static_cast<float>(row_scale * d); };
      if constexpr (requires { rule.value_and_gradient(a, y, put); })
        if (a.size() <= rule.kFew) {
          losses[i] = row_scale * rule.value_and_gradient(a, y, put);
          continue;
        }
      rule.gradient(a, y, put);
      losses[i] = row_scale * rule.template value<double>(a, y);
    }
  });
}

double sum_of_losses(std::span<const double> losses) {
  return kernels::tree_sum(losses.size(), [&](std::size_t i) { return losses[i]; });
}

}  // namespace chainrule
