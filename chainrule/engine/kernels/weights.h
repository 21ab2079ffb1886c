// SPDX-License-Identifier: Apache-2.0
// W of a layer in memory: in the order in which all three products of a step read it, so that none of them copies it
// first (docs/decisions/0005). Formulas and files use W(i, j); only the kernels use panels.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>
#include <type_traits>

#include "chainrule/base/matrix.h"

#pragma GCC visibility push(default)
namespace chainrule {

inline constexpr std::size_t kPanelOutputs = 32;
inline constexpr std::size_t kPanelStep = 16;  // numbers in a cache line

/// How many numbers fill whole cache lines.
constexpr std::size_t whole_lines(std::size_t numbers) { return (numbers + kPanelStep - 1) / kPanelStep * kPanelStep; }

/// A view of W, (outputs x inputs), in memory of another owner. Panels of 32 outputs follow each other; a panel has the
/// weights of input 0 to its outputs, then those of input 1, and so on. The last panel is as wide as its outputs,
/// rounded up to 16; its padding is zero, and stays zero in all results.
template <class T>
class WeightsOf {
 public:
  WeightsOf() = default;
  WeightsOf(T* data, std::size_t outputs, std::size_t inputs) : data_(data), outputs_(outputs), inputs_(inputs) {}
  template <class U>
  requires std::is_same_v<const U, T> WeightsOf(WeightsOf<U> other)
      : WeightsOf(other.data(), other.outputs(), other.inputs()) {}

  /// How many numbers are stored.
  static constexpr std::size_t stored(std::size_t outputs, std::size_t inputs) { return whole_lines(outputs) * inputs; }

  T* data() const { return data_; }
  std::size_t outputs() const { return outputs_; }
  std::size_t inputs() const { return inputs_; }
  /// The weight that joins input j to output i, W_ij of the article.
  T& operator()(std::size_t i, std::size_t j) const {
    assert(i < outputs_ && j < inputs_);
    const std::size_t p = i / kPanelOutputs;
    return panel(p)[j * panel_width(p) + i % kPanelOutputs];
  }
  /// All stored numbers.
  std::span<T> flat() const { return {data_, stored(outputs_, inputs_)}; }

  std::size_t panels() const { return (outputs_ + kPanelOutputs - 1) / kPanelOutputs; }
  /// (inputs x panel_width), row-major.
  T* panel(std::size_t p) const { return data_ + p * kPanelOutputs * inputs_; }
  std::size_t panel_width(std::size_t p) const {
    return std::min(kPanelOutputs, whole_lines(outputs_) - p * kPanelOutputs);
  }

 private:
  T* data_ = nullptr;
  std::size_t outputs_ = 0, inputs_ = 0;
};

using WeightsView = WeightsOf<float>;
using ConstWeightsView = WeightsOf<const float>;

}  // namespace chainrule
#pragma GCC visibility pop
