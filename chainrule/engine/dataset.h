// SPDX-License-Identifier: Apache-2.0
// Rows ready for a network: inputs (floats, or bytes kept as stored), targets, weights; batches gathered from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"

#pragma GCC visibility push(default)
namespace chainrule {
class Workspace;

/// The inputs of a data set, (rows x columns): floats, or bytes that become byte * scale when they are gathered.
class Features {
 public:
  Features() = default;
  explicit Features(Matrix values) : values_(std::move(values)), rows_(values_.rows()), columns_(values_.columns()) {}
  /// bytes.size() must be rows * columns and scale finite; throws Error (usage) otherwise.
  Features(SharedBytes bytes, std::size_t rows, std::size_t columns, float scale);
  Features(const Features&) = default;
  Features& operator=(const Features&) = default;
  /// Moved-from features have no rows.
  Features(Features&& other) noexcept;
  Features& operator=(Features&& other) noexcept;

  /// A view of the caller's numbers, without a copy: (rows x columns), row after row. They must stay at this address
  /// and outlive this value and its copies; a Batcher or train() reads their values at that time. Throws Error (usage)
  /// unless values.size() is rows * columns.
  static Features view_of(std::span<const float> values, std::size_t rows, std::size_t columns);
  static Features view_of(ConstMatrixView values) { return view_of(values.flat(), values.rows(), values.columns()); }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  /// Throws Error (input) that names the first row and input (both from 1) that is NaN or infinite; rows: as gather().
  void require_finite(std::span<const std::size_t> rows) const;
  /// Row i of `out` becomes row rows[i]; out: (rows.size() x columns). Throws Error (usage) for other sizes and for a
  /// missing row. With each row it prefetches one of `soon`, the rows that the next call will gather.
  void gather(std::span<const std::size_t> rows, MatrixView out, std::span<const std::size_t> soon = {}) const;

 private:
  Matrix values_;
  ConstMatrixView floats() const { return outside_.data() != nullptr ? outside_ : values_.view(); }
  ConstMatrixView outside_;  // the caller's numbers; values_ is then empty
  SharedBytes bytes_;
  std::size_t rows_ = 0, columns_ = 0;
  float scale_ = 1;
};

/// The targets of the network: one class per row (gathered as 1 of K), or numbers.
struct Targets {
  std::size_t classes = 0;            ///< > 0: `labels` is used; 0: `values` is used
  std::vector<std::uint32_t> labels;  ///< one per row, below `classes`
  Matrix values;                      ///< (rows x outputs)
  double scale = 1, shift = 0;        ///< original unit = scale * value + shift, for metrics
  /// Limits to which predictions are clamped, for metrics.
  double minimum = -std::numeric_limits<double>::infinity(), maximum = std::numeric_limits<double>::infinity();
  ConstMatrixView outside = {};  ///< the caller's numbers in place of `values`, see dataset_view()

  ConstMatrixView numbers() const { return outside.data() != nullptr ? outside : values.view(); }
  std::size_t columns() const { return classes > 0 ? classes : numbers().columns(); }
  std::size_t rows() const { return classes > 0 ? labels.size() : numbers().rows(); }
  /// As Features::gather(). Also throws Error (usage) for a label that is not below `classes`.
  void gather(std::span<const std::size_t> rows, MatrixView out) const;
};

struct Dataset {
  Features inputs;
  Targets targets;             ///< no rows when the data has no target
  std::vector<float> weights;  ///< one per row, mean 1 over the training rows; empty = all 1
  /// Weight of each row in the loss, if different from `weights`: it includes class weights, which metrics ignore.
  std::vector<float> loss_weights = {};

  /// Weights for the loss; empty = all 1.
  const std::vector<float>& weights_of_loss() const { return loss_weights.empty() ? weights : loss_weights; }

  std::size_t rows() const { return inputs.rows(); }
};

/// A data set of the caller's numbers, which are not copied: inputs (rows x columns), targets (rows x outputs), row
/// after row. They must stay where they are and outlive the data set and its copies. Throws Error (usage) for different
/// numbers of rows.
Dataset dataset_view(ConstMatrixView inputs, ConstMatrixView targets);
/// The same for classes: one label per row, below `classes` >= 1. Only the labels are copied, 4 bytes a row. Throws
/// Error (input) for a label that is not below `classes`, too.
Dataset dataset_view(ConstMatrixView inputs, std::span<const std::uint32_t> labels, std::size_t classes);

/// Some rows of a data set, in an order.
struct Selection {
  const Dataset* data = nullptr;
  std::vector<std::size_t> rows;
};

/// Throws Error (usage) unless there is a data set that has all of these rows, and as many targets (or none) and
/// weights (or none) as rows; (input) for a label that is not below `classes`, and for a weight that is not a finite
/// number >= 0.
void validate(const Selection& selection);

/// A new data set of these rows; bytes become floats.
Dataset copy_rows(const Dataset& data, const std::vector<std::size_t>& rows);

/// All rows of a data set, which must outlive the selection.
Selection all_rows(const Dataset& data);
Selection all_rows(const Dataset&& data) = delete;

/// Scales all weights so that those of the chosen rows have mean 1. Throws Error (input) unless all are finite and >= 0
/// and at least one of the chosen rows has a weight above 0. Does nothing without weights.
void scale_weights_to_mean_one(std::vector<float>& weights, std::span<const std::size_t> rows);

/// Rows gathered for one step. scale_i = weight of the loss_i / m; 1/m enters only here.
struct Batch {
  ConstMatrixView inputs;        ///< (m x S_1)
  ConstMatrixView targets;       ///< (m x S_L); empty when the data has no target
  std::span<const float> scale;  ///< m
};

/// Memory for the batches of a selection.
class Batcher {
 public:
  /// The selection and its data set must outlive the batcher. batch_size 0 = all rows. Throws Error as validate().
  Batcher(const Selection& selection, std::size_t batch_size);
  Batcher(const Selection&& selection, std::size_t batch_size) = delete;
  std::size_t rows() const { return selection_->rows.size(); }
  std::size_t batch_size() const { return batch_size_; }
  std::size_t batches() const { return (rows() + batch_size_ - 1) / batch_size_; }
  /// Batch number `index`, its rows taken in `order` (a permutation of 0 ... rows()-1); the last one may be short.
  /// Valid until the next call. With a workspace, its threads gather the rows in parallel. Throws Error (usage) for a
  /// missing batch, and for an order of another length or with a number that is not below rows().
  Batch gather(std::size_t index, std::span<const std::size_t> order, Workspace* work = nullptr);

 private:
  const Selection* selection_;
  std::size_t batch_size_;
  Matrix inputs_, targets_;
  std::vector<float> scale_;
  std::vector<std::size_t> rows_, soon_;
};

}  // namespace chainrule
#pragma GCC visibility pop
