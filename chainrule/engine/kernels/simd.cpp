// SPDX-License-Identifier: Apache-2.0
// The kernels for every vector unit that the library is built for, and the choice among them at run time. Highway
// compiles the code above HWY_ONCE once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "chainrule/engine/kernels/simd.cpp"
// Left out: SSSE3, which SSE4 replaced long ago, and SVE, whose vector length is unknown at compile time, so that a
// tile cannot be an array of registers. Processors with SVE also have NEON.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#include "hwy/foreach_target.h"

#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/optimizer_update.h"
#include "chainrule/engine/kernels/affine-inl.h"
#include "chainrule/engine/kernels/elementwise-inl.h"
#include "chainrule/engine/kernels/gradient-inl.h"
#include "chainrule/engine/kernels/target.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

const Kernels* kernels_of_target() {
  static constexpr std::string_view name = HWY_TARGET == HWY_AVX3   ? "avx512"
                                           : HWY_TARGET == HWY_AVX2 ? "avx2"
                                           : HWY_TARGET == HWY_SSE4 ? "sse4"
                                           : HWY_TARGET == HWY_NEON ? "neon"
                                                                    : "scalar";
  static constexpr bool fused = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_NEON;
  static constexpr Kernels kernels{
      name,    fused,    &forward, &backward_input, &backward_weights, &activate,           &activate_backward, &update,
      &add_up, &squares, &largest, &scale,          &mask_row,         &multiply_add_chains};
  return &kernels;
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <atomic>
#include <cassert>
#include <cstdlib>

#include "chainrule/base/checks.h"

namespace chainrule::kernels {
namespace {

HWY_EXPORT(kernels_of_target);

// All compiled targets that this processor has, best first. Uses its own ChosenTarget, since other code in this process
// may use Highway's global one.
std::vector<const Kernels*> usable() {
  std::vector<const Kernels*> found;
  std::int64_t left = (HWY_TARGETS & hwy::SupportedTargets()) | HWY_STATIC_TARGET;
  for (; left != 0; left &= left - 1) {
    hwy::ChosenTarget chosen;
    chosen.Update(left & -left);
    const std::size_t last = std::size(HWY_DISPATCH_TABLE(kernels_of_target)) - 1;
    found.push_back(HWY_DISPATCH_TABLE(kernels_of_target)[std::min(chosen.GetIndex(), last)]());
  }
  return found;
}

const Kernels* by_name(std::string_view name, const std::string& requested_by) {
  std::string known;
  for (const Kernels* kernels : usable()) {
    if (kernels->name == name) return kernels;
    known += (known.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw Error(ErrorCategory::usage,
              requested_by + ": expected a vector unit of this processor (" + known + "), found " + in_quotes(name));
}

// Nothing else in the library reads the environment.
const Kernels* at_start() {
  const char* requested = std::getenv("CHAINRULE_TARGET");
  return requested == nullptr || *requested == '\0' ? usable().front() : by_name(requested, "CHAINRULE_TARGET");
}

std::atomic<const Kernels*>& chosen() {
  static std::atomic<const Kernels*> kernels{at_start()};
  return kernels;
}
const Kernels& in_use() { return *chosen().load(std::memory_order_relaxed); }

}  // namespace

std::string_view target() { return in_use().name; }
std::vector<std::string_view> targets() {
  std::vector<std::string_view> names;
  for (const Kernels* kernels : usable()) names.push_back(kernels->name);
  return names;
}
void use_target(std::string_view name) { chosen() = by_name(name, "vector unit"); }
bool has_fused_multiply_add() { return in_use().fused_multiply_add; }

void affine_forward(ThreadPool& pool, const ConstMatrixView& x, const ConstWeightsView& weights,
                    std::span<const float> biases, const MatrixView& z) {
  assert(x.columns() == weights.inputs() && z.columns() == weights.outputs() && biases.size() == weights.outputs());
  assert(x.rows() == z.rows());
  in_use().forward(pool, x, weights, biases, z);
}

void affine_backward_input(ThreadPool& pool, const ConstMatrixView& delta, const ConstWeightsView& weights,
                           const MatrixView& d_x) {
  assert(delta.columns() == weights.outputs() && d_x.columns() == weights.inputs() && d_x.rows() == delta.rows());
  in_use().backward_input(pool, delta, weights, d_x);
}

void affine_backward_weights(ThreadPool& pool, const ConstMatrixView& delta, const ConstMatrixView& x,
                             const GradientSink& sink, std::span<float> d_biases) {
  assert(delta.rows() == x.rows() && d_biases.size() == delta.columns());
  in_use().backward_weights(pool, delta, x, sink, d_biases);
}

void affine_backward_weights(ThreadPool& pool, const ConstMatrixView& delta, const ConstMatrixView& x,
                             const WeightsView& d_weights, std::span<float> d_biases) {
  assert(d_weights.outputs() == delta.columns() && d_weights.inputs() == x.columns());
  const GradientSink keep{&d_weights,
                          [](const void* to, std::size_t offset, std::span<const float> piece) {
                            std::ranges::copy(piece, static_cast<const WeightsView*>(to)->data() + offset);
                          },
                          {d_weights.data()}};
  affine_backward_weights(pool, delta, x, keep, d_biases);
}

void add_up(std::span<float> left, std::span<const float> right) {
  assert(left.size() == right.size());
  in_use().add_up(left, right);
}
double sum_of_squares(std::span<const float> values) { return in_use().squares(values); }
float largest_magnitude(std::span<const float> values) { return in_use().largest(values); }
void scale_bytes(std::span<const std::uint8_t> bytes, float factor, std::span<float> numbers) {
  assert(bytes.size() == numbers.size());
  in_use().scale(bytes, factor, numbers);
}
void dropout_mask(const RandomPosition& first, std::uint32_t bound, float kept, std::span<float> mask) {
  in_use().dropout(first, bound, kept, mask);
}
float multiply_add_chains(std::uint64_t rounds, double& done) { return in_use().chains(rounds, done); }

}  // namespace chainrule::kernels

// -- arrays; the update is declared in optimizer.h --------------------------------------------------------------------

namespace chainrule {
namespace {

void check_sizes(std::size_t size, std::size_t other) {
  if (size == other) return;
  throw Error(ErrorCategory::internal,
              "activation: array lengths: expected " + std::to_string(size) + ", found " + std::to_string(other));
}

}  // namespace

void activation_forward(const Activation& activation, std::span<const float> z, std::span<float> a) {
  check_sizes(z.size(), a.size());
  if (activation.kind == ActivationKind::custom)
    for (std::size_t i = 0; i < z.size(); ++i) a[i] = static_cast<float>(activation_value(activation, double(z[i])));
  else
    kernels::in_use().activate(activation.kind, z, a);
}

void activation_backward(const Activation& activation, std::span<const float> z, std::span<const float> a,
                         std::span<const float> d_a, std::span<float> delta) {
  check_sizes(z.size(), a.size());
  check_sizes(z.size(), d_a.size());
  check_sizes(z.size(), delta.size());
  if (activation.kind == ActivationKind::custom)
    for (std::size_t i = 0; i < z.size(); ++i)
      delta[i] = static_cast<float>(d_a[i] * activation_derivative(activation, z[i], a[i]));
  else
    kernels::in_use().activate_backward(activation.kind, z, a, d_a, delta);
}

void optimizer_update(const Optimizer& optimizer, const UpdateRates& rates, std::span<float> parameters,
                      std::span<const float> gradient, std::span<float> first, std::span<float> second) {
  require_fit(optimizer, parameters.size(), gradient.size(), first.size(), second.size());
  if (rates.learning_rate == 0 && std::holds_alternative<Rprop>(optimizer)) return;  // else rprop would still step
  kernels::in_use().update(optimizer, rates, parameters, gradient, first, second);
}

}  // namespace chainrule

#endif
