// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/reference/numerical_derivative.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/kernels/reference.h"

namespace chainrule {
namespace {

template <class T>
void copy(const MatrixOf<double>& from, MatrixOf<T>& to) {
  std::ranges::copy(from.flat(), to.flat().begin());
}

// The piece on which a number is; the joint is a piece of its own.
int side(double x) { return (x > 0) - (x < 0); }

bool crosses(const Activation& activation, double z, double moved) {
  const bool in_pieces = !activation_is_smooth(activation) || activation.kind == ActivationKind::elu;
  return in_pieces && side(z) != side(moved);
}
bool crosses(const Activation&, double, std::complex<double>) { return false; }

bool crosses(const Loss& loss, std::span<const double> a, std::span<const double> moved, std::span<const double> y) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double before = a[k] - y[k], after = moved[k] - y[k], bound = loss.huber_delta;
    if (loss.kind == LossKind::absolute_error && side(before) != side(after)) return true;
    if (loss.kind == LossKind::huber && side(std::abs(before) - bound) != side(std::abs(after) - bound)) return true;
  }
  return false;
}
bool crosses(const Loss&, std::span<const double>, std::span<const std::complex<double>>, std::span<const double>) {
  return false;
}

}  // namespace

ReferenceProbe::ReferenceProbe(const Architecture& architecture, const ReferenceParameters& parameters,
                               const Loss& loss, const ReferenceBatch& batch, double weight_decay)
    : architecture_(architecture), parameters_(parameters), loss_(loss), batch_(batch), weight_decay_(weight_decay) {
  ReferenceStep step = reference_step(architecture, parameters, loss, batch, weight_decay);
  z_ = std::move(step.z);
  a_ = std::move(step.a);
  moved_ = a_;
  for (const MatrixOf<double>& a : a_) moved_complex_.emplace_back(a.rows(), a.columns());
  for (std::size_t i = 0; i < batch.inputs.rows(); ++i)
    sample_losses_.push_back(loss_value(loss, std::span<const double>(a_.back().row(i)), batch.targets.row(i)));
}

// The parameter changes one column of z, which changes one column of a. The next layer gets a's change through one
// column of its weights; all layers above it are recomputed.
template <class T>
T ReferenceProbe::change_by(const ParameterIndex& index, T shift, bool& crossing) const {
  std::vector<MatrixOf<T>>& moved = [&]() -> auto& {
    if constexpr (std::is_same_v<T, double>)
      return moved_;
    else
      return moved_complex_;
  }
  ();
  const std::size_t m = batch_.inputs.rows(), unit = index.row;
  const MatrixOf<double>& fed = index.layer == 0 ? batch_.inputs : a_[index.layer - 1];
  const auto activate = [&](std::size_t l, double before, T z) {
    crossing |= crosses(architecture_.layers[l].activation, before, z);
    return activation_value(architecture_.layers[l].activation, z);
  };
  copy(a_[index.layer], moved[index.layer]);
  for (std::size_t i = 0; i < m; ++i) {
    const double z = z_[index.layer](i, unit);
    moved[index.layer](i, unit) = activate(index.layer, z, z + shift * (index.is_bias ? 1.0 : fed(i, index.column)));
  }
  for (std::size_t l = index.layer + 1; l < architecture_.depth(); ++l) {
    const MatrixOf<double>& w = parameters_.weights[l];
    const MatrixOf<T>& a = moved[l - 1];
    MatrixOf<T>& z = moved[l];
    copy(z_[l], z);
    if (l > index.layer + 1)
      kernels::reference::affine_forward<T, double>(a.view(), w.view(), parameters_.biases[l], z.view());
    for (std::size_t i = 0; l == index.layer + 1 && i < m; ++i)
      for (std::size_t k = 0; k < w.rows(); ++k) z(i, k) += w(k, unit) * (a(i, unit) - a_[index.layer](i, unit));
    for (std::size_t k = 0; k < z.flat().size(); ++k) z.flat()[k] = activate(l, z_[l].flat()[k], z.flat()[k]);
  }
  T sum{};
  for (std::size_t i = 0; i < m; ++i) {
    const std::span<const T> outputs = std::as_const(moved.back()).row(i);
    crossing |= crosses(loss_, a_.back().row(i), outputs, batch_.targets.row(i));
    sum += (batch_.weights.empty() ? 1.0 : batch_.weights[i]) *
           (loss_value(loss_, outputs, batch_.targets.row(i)) - sample_losses_[i]);
  }
  sum /= static_cast<double>(m);
  if (index.is_bias) return sum;
  const double lambda = weight_decay_ * architecture_.layers[index.layer].decay_multiplier;
  const double w = parameters_.weights[index.layer](index.row, index.column);
  return sum + 0.5 * lambda * ((w + shift) * (w + shift) - w * w);
}

ReferenceProbe::Change ReferenceProbe::change(const ParameterIndex& index, double shift) const {
  Change change;
  change.objective = change_by(index, shift, change.crossing);
  return change;
}

double ReferenceProbe::complex_step(const ParameterIndex& index) const {
  constexpr double kStep = 1e-100;
  bool crossing = false;
  return change_by(index, std::complex<double>(0, kStep), crossing).imag() / kStep;
}

}  // namespace chainrule
