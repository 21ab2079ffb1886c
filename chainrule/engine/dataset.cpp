// SPDX-License-Identifier: Apache-2.0
// Gathering rows into batches.
#include "chainrule/engine/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {
Features::Features(SharedBytes bytes, std::size_t rows, std::size_t columns, float scale)
    : bytes_(std::move(bytes)), rows_(rows), columns_(columns), scale_(scale) {
  const std::size_t expected = checked_product(rows, columns, "inputs");
  if (bytes_.size() != expected)
    throw Error(ErrorCategory::usage,
                "inputs: expected " + std::to_string(expected) + " bytes, found " + std::to_string(bytes_.size()));
  if (!std::isfinite(scale))
    throw Error(ErrorCategory::usage,
                "scale of the inputs: expected a finite number, found " + fmt::format("{}", scale));
}

Features::Features(Features&& other) noexcept { *this = std::move(other); }
Features& Features::operator=(Features&& other) noexcept {
  values_ = std::move(other.values_);
  outside_ = std::exchange(other.outside_, {});
  bytes_ = std::move(other.bytes_);
  rows_ = std::exchange(other.rows_, 0);
  columns_ = std::exchange(other.columns_, 0);
  scale_ = other.scale_;
  return *this;
}

Features Features::view_of(std::span<const float> values, std::size_t rows, std::size_t columns) {
  expect_equal(checked_product(rows, columns, "inputs"), values.size(), "numbers of the inputs");
  Features features;
  features.outside_ = {values.data(), rows, columns};
  features.rows_ = rows;
  features.columns_ = columns;
  return features;
}

void Features::require_finite(std::span<const std::size_t> rows) const {
  if (!bytes_.empty()) return;
  for (const std::size_t row : rows) {
    expect_below(rows_, row, "row of the inputs");
    const std::span<const float> numbers = floats().row(row);
    // No early exit, so that the compiler makes a vector loop.
    std::uint32_t odd = 0;
    for (const float x : numbers) odd |= (std::bit_cast<std::uint32_t>(x) & 0x7f800000u) == 0x7f800000u ? 1u : 0u;
    if (odd == 0) continue;
    const auto bad = std::ranges::find_if(numbers, [](float x) { return !std::isfinite(x); });
    throw Error(ErrorCategory::input, fmt::format("row {}: input {}: expected a finite number, found {}", row + 1,
                                                  bad - numbers.begin() + 1, *bad));
  }
}

void Features::gather(std::span<const std::size_t> rows, MatrixView out, std::span<const std::size_t> soon) const {
  expect_equal(rows.size(), out.rows(), "rows of the gathered inputs");
  expect_equal(columns_, out.columns(), "columns of the gathered inputs");
  constexpr std::size_t line = 64;
  const std::size_t row_bytes = columns_ * (bytes_.empty() ? sizeof(float) : 1);
  const char* all = bytes_.empty() ? reinterpret_cast<const char*>(floats().data())
                                   : reinterpret_cast<const char*>(bytes_.view().data());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    expect_below(rows_, rows[i], "row of the inputs");
    // Not a separate function: g++ would treat it as free of effects and remove its calls.
    for (std::size_t at = 0; i < soon.size() && at < row_bytes; at += line)
      __builtin_prefetch(all + soon[i] * row_bytes + at, 0, 2);
    const std::span<float> to = out.row(i);
    if (bytes_.empty()) {
      const std::span<const float> from = floats().row(rows[i]);
      std::copy(from.begin(), from.end(), to.begin());
      continue;
    }
    kernels::scale_bytes(bytes_.view().subspan(rows[i] * columns_, columns_), scale_, to);
  }
}

void Targets::gather(std::span<const std::size_t> rows, MatrixView out) const {
  expect_equal(rows.size(), out.rows(), "rows of the gathered targets");
  expect_equal(columns(), out.columns(), "columns of the gathered targets");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    expect_below(this->rows(), rows[i], "row of the targets");
    const std::span<float> to = out.row(i);
    if (classes > 0) {
      expect_below(classes, labels[rows[i]], "label");
      std::fill(to.begin(), to.end(), 0.0f);
      to[labels[rows[i]]] = 1;
      continue;
    }
    const std::span<const float> from = numbers().row(rows[i]);
    std::copy(from.begin(), from.end(), to.begin());
  }
}

Dataset dataset_view(ConstMatrixView inputs, ConstMatrixView targets) {
  expect_equal(inputs.rows(), targets.rows(), "rows of the targets");
  Dataset data;
  data.inputs = Features::view_of(inputs);
  data.targets.outside = targets;
  return data;
}

Dataset dataset_view(ConstMatrixView inputs, std::span<const std::uint32_t> labels, std::size_t classes) {
  expect_equal(inputs.rows(), labels.size(), "labels");
  expect_at_least(1, classes, "classes");
  Dataset data;
  data.inputs = Features::view_of(inputs);
  data.targets.classes = classes;
  data.targets.labels.assign(labels.begin(), labels.end());
  validate(all_rows(data));
  return data;
}

void validate(const Selection& selection) {
  if (selection.data == nullptr)
    throw Error(ErrorCategory::usage, "rows: expected rows of a data set, found no data set");
  const Dataset& data = *selection.data;
  const std::size_t rows = data.rows(), targets = data.targets.rows();
  if (targets > 0) expect_equal(rows, targets, "rows of the targets");
  if (!data.weights.empty()) expect_equal(rows, data.weights.size(), "sample weights");
  if (!data.loss_weights.empty()) expect_equal(rows, data.loss_weights.size(), "weights of the loss");
  for (const std::size_t row : selection.rows) {
    expect_below(rows, row, "row of the data set");
    if (targets > 0 && data.targets.classes > 0 && data.targets.labels[row] >= data.targets.classes)
      throw Error(ErrorCategory::input, fmt::format("row {}: label: expected less than {}, found {}", row + 1,
                                                    data.targets.classes, data.targets.labels[row]));
    for (const std::vector<float>* weights : {&data.weights, &data.loss_weights})
      if (!weights->empty() && !((*weights)[row] >= 0 && std::isfinite((*weights)[row])))
        throw Error(ErrorCategory::input,
                    fmt::format("row {}: weight: expected a finite number >= 0, found {}", row + 1, (*weights)[row]));
  }
}

Dataset copy_rows(const Dataset& data, const std::vector<std::size_t>& rows) {
  validate(Selection{&data, rows});
  Dataset out;
  Matrix inputs(rows.size(), data.inputs.columns());
  data.inputs.gather(rows, inputs.view());
  out.inputs = Features(std::move(inputs));
  const Targets& targets = data.targets;
  out.targets = {targets.classes, {}, {}, targets.scale, targets.shift, targets.minimum, targets.maximum};
  if (targets.classes == 0) {
    out.targets.values = Matrix(targets.rows() > 0 ? rows.size() : 0, targets.columns());
    if (targets.rows() > 0) targets.gather(rows, out.targets.values.view());
  }
  for (const std::size_t row : rows) {
    if (targets.classes > 0 && targets.rows() > 0) out.targets.labels.push_back(targets.labels[row]);
    if (!data.weights.empty()) out.weights.push_back(data.weights[row]);
    if (!data.loss_weights.empty()) out.loss_weights.push_back(data.loss_weights[row]);
  }
  return out;
}

Selection all_rows(const Dataset& data) {
  Selection selection{&data, std::vector<std::size_t>(data.rows())};
  std::iota(selection.rows.begin(), selection.rows.end(), std::size_t{0});
  return selection;
}

void scale_weights_to_mean_one(std::vector<float>& weights, std::span<const std::size_t> rows) {
  if (weights.empty()) return;
  for (std::size_t row = 0; row < weights.size(); ++row)
    if (!(weights[row] >= 0 && std::isfinite(weights[row])))
      throw Error(ErrorCategory::input, "row " + std::to_string(row + 1) +
                                            ": sample weight: expected a finite number >= 0, found " +
                                            fmt::format("{}", weights[row]));
  double sum = 0;
  for (const std::size_t row : rows) {
    expect_below(weights.size(), row, "row of the sample weights");
    sum += static_cast<double>(weights[row]);
  }
  if (!(sum > 0))
    throw Error(ErrorCategory::input, "sample weights: expected at least one above 0 among the " +
                                          std::to_string(rows.size()) + " training rows, found none");
  const double factor = static_cast<double>(rows.size()) / sum;
  for (std::size_t row = 0; row < weights.size(); ++row) {
    const double scaled = static_cast<double>(weights[row]) * factor;
    if (scaled > static_cast<double>(std::numeric_limits<float>::max()))
      throw Error(ErrorCategory::input,
                  "row " + std::to_string(row + 1) +
                      ": sample weight: too large compared with the mean weight of the training rows");
    weights[row] = static_cast<float>(scaled);
  }
}

Batcher::Batcher(const Selection& selection, std::size_t batch_size)
    : selection_(&selection),
      batch_size_(batch_size > 0 ? batch_size : std::max<std::size_t>(selection.rows.size(), 1)) {
  validate(selection);
  const Dataset& data = *selection.data;
  const std::size_t max_rows = std::min(batch_size_, selection.rows.size());
  checked_product(checked_product(max_rows, data.inputs.columns(), "batch"), sizeof(float), "batch");
  inputs_ = Matrix(max_rows, data.inputs.columns());
  if (data.targets.rows() > 0) {
    checked_product(checked_product(max_rows, data.targets.columns(), "batch"), sizeof(float), "batch");
    targets_ = Matrix(max_rows, data.targets.columns());
  }
  scale_.resize(max_rows);
  rows_.resize(max_rows);
  soon_.resize(max_rows);
}

Batch Batcher::gather(std::size_t index, std::span<const std::size_t> order, Workspace* work) {
  expect_below(batches(), index, "batch");
  expect_equal(rows(), order.size(), "rows of the order");
  const Dataset& data = *selection_->data;
  const std::vector<float>& weights = data.weights_of_loss();
  const std::size_t first = index * batch_size_;
  const std::size_t m = std::min(batch_size_, rows() - first);
  if (rows_.size() < m)
    throw Error(ErrorCategory::usage, "batcher: expected one with a selection, found a moved-from one");
  for (std::size_t i = 0; i < m; ++i) {
    expect_below(rows(), order[first + i], "row of the order");
    rows_[i] = selection_->rows[order[first + i]];
    const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[rows_[i]]);
    scale_[i] = static_cast<float>(weight / static_cast<double>(m));
    if (first + m + i < rows() && order[first + m + i] < rows()) soon_[i] = selection_->rows[order[first + m + i]];
  }
  const std::span<const std::size_t> chosen(rows_.data(), m);
  Batch batch{inputs_.top(m), {}, {scale_.data(), m}};
  const std::size_t soon = std::min(m, rows() - first - m);
  const auto fetch = [&](std::size_t, std::size_t begin, std::size_t end) {
    const std::size_t count = end - begin;
    data.inputs.gather(chosen.subspan(begin, count), inputs_.view().rows(begin, count),
                       std::span(soon_).first(std::min(soon, end)).subspan(std::min(soon, begin)));
  };
  constexpr double kFetchWork = 24;  // cost of reading one number from memory, in multiplications
  if (work != nullptr)
    work->buffers().pool.split(m, kFetchWork * static_cast<double>(m * data.inputs.columns()), fetch);
  else
    fetch(0, 0, m);
  if (data.targets.rows() > 0) {
    data.targets.gather(chosen, targets_.top(m));
    batch.targets = targets_.top(m);
  }
  return batch;
}

}  // namespace chainrule
