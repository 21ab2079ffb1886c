// SPDX-License-Identifier: Apache-2.0
// Every intermediate of a training step, and how the rows of a batch are split among threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/base/matrix.h"
#include "chainrule/engine/network.h"

#pragma GCC visibility push(default)
namespace chainrule {
namespace kernels {
class ThreadPool;
}

/// The inputs of dropout masks, besides layer, row and unit.
struct Pass {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::size_t first_row = 0;  ///< index of the first row in the global batch
};

class WorkRows;

/// Every intermediate of a training step, allocated once for the largest batch. Layers are the affine layers, from 0;
/// views have as many rows as the current batch.
class Workspace {
 public:
  /// `threads`: size of the thread pool, at most 1024; 0 = as many as this process may use. The results do not depend
  /// on it. Throws Error as validate() does, and for sizes that do not fit in memory.
  Workspace(const Architecture& architecture, std::size_t max_rows, std::size_t threads = 1);
  Workspace(Workspace&&) noexcept;
  ~Workspace();
  std::size_t max_rows() const { return losses_.size(); }
  /// Throws Error (usage) unless made for a network of these layers: depth, widths, and which layers have dropout.
  void require_fits(const Architecture& architecture) const;
  /// Throws Error (usage) unless the block has the layout of these layers.
  void require_layout(const Parameters& block) const;
  std::size_t inputs() const { return mask_[0].columns(); }
  /// Sets the number of rows of the current batch. Throws Error (usage) above max_rows().
  void set_rows(std::size_t rows) {
    expect_at_most(max_rows(), rows, "rows of the batch");
    rows_ = rows;
  }
  std::size_t rows() const { return rows_; }

  /// These throw Error (usage) for a missing layer.
  MatrixView z(std::size_t layer) { return z_[checked(layer)].top(rows_); }
  MatrixView a(std::size_t layer) { return a_[checked(layer)].top(rows_); }
  MatrixView delta(std::size_t layer) { return delta_[checked(layer)].top(rows_); }  ///< dJ/dz; before f' it is d_a
  MatrixView d_outputs() { return delta_.back().top(rows_); }  ///< where backward_deltas() expects dJ/da(L)
  ConstMatrixView outputs() const { return a_.back().top(rows_); }
  std::span<double> losses() {
    return std::span(losses_).first(rows_);
  }  ///< of each row, as a part of the batch's loss
  /// The factors of dropout for a(layer): 0 or 1 / (1 - fraction). Layer kInputs is the inputs. Empty without dropout.
  MatrixView mask(std::size_t layer) {
    if (layer != kInputs) checked(layer);
    return mask_[layer + 1].rows() > 0 ? mask_[layer + 1].top(rows_) : MatrixView();
  }
  /// a(layer) * mask(layer); only with dropout.
  MatrixView dropped(std::size_t layer) {
    if (layer != kInputs) checked(layer);
    return dropped_[layer + 1].rows() > 0 ? dropped_[layer + 1].top(rows_) : MatrixView();
  }
  kernels::ThreadPool& pool() { return *pool_; }
  static constexpr std::size_t kInputs = static_cast<std::size_t>(-1);
  /// The inputs of layer `layer`: the activations below it after dropout; for layer 0 those of the network.
  ConstMatrixView fed(std::size_t layer, ConstMatrixView inputs) {
    if (dropped_[checked(layer)].rows() > 0) return dropped_[layer].top(rows_);
    return layer == 0 ? inputs : ConstMatrixView(a(layer - 1));
  }
  /// Calls pass(rows) for all rows of the batch: once for all threads together; or, if the batch has many rows compared
  /// with every layer, in each thread for its own chunk of rows, which then stay near its core from layer to layer.
  void for_each_chunk(const std::function<void(const WorkRows&)>& pass);
  /// From now on all rows are one chunk.
  void keep_together() { wide_from_ = std::numeric_limits<std::size_t>::max(); }
  /// Number of chunks of the current batch.
  std::size_t chunks() const { return rows_ == 0 ? 1 : (rows_ + rows_per_chunk() - 1) / rows_per_chunk(); }
  /// Whether each of several chunks is a node of the batch tree (kernels.h) and has many rows compared with every
  /// layer. Then its gradients are fewer numbers than its deltas and activations, and are added up chunk by chunk.
  bool chunks_have_gradients() const;

 private:
  std::size_t checked(std::size_t layer) const {
    expect_below(z_.size(), layer, "layer");
    return layer;
  }
  std::size_t rows_per_chunk() const;
  std::size_t rows_ = 0;
  std::size_t wide_from_ = 1;   // from so many rows on a batch is wide compared with every layer
  double multiplications_ = 0;  // of both passes, for one row
  std::vector<Matrix> z_, a_, delta_;
  std::vector<Matrix> mask_,
      dropped_;  // [0] belongs to the inputs, [l + 1] to layer l; empty where there is no dropout
  std::vector<double> losses_;
  std::unique_ptr<kernels::ThreadPool> pool_;
  std::vector<std::unique_ptr<kernels::ThreadPool>> alone_;  // one per thread, for its own rows
};

/// Consecutive rows of a workspace, and the threads that compute them.
class WorkRows {
 public:
  /// All rows. The second constructor throws Error (usage) for rows beyond those of the batch.
  WorkRows(Workspace& work) : WorkRows(work, 0, work.rows(), work.pool()) {}  // NOLINT: a workspace is its rows
  WorkRows(Workspace& work, std::size_t first, std::size_t count, kernels::ThreadPool& pool, std::size_t chunk = 0)
      : work_(&work), first_(first), count_(count), chunk_(chunk), pool_(&pool) {
    expect_at_most(work.rows(), first, "first row");
    expect_at_most(work.rows() - first, count, "rows from there on");
  }
  Workspace& workspace() const { return *work_; }

  std::size_t first() const { return first_; }
  std::size_t chunk() const { return chunk_; }  ///< index of the chunk, below work.chunks()
  kernels::ThreadPool& pool() const { return *pool_; }
  /// These rows of a matrix or span that has one row or number for each row of the workspace.
  template <class T>
  ViewOf<T> of(ViewOf<T> all) const {
    return all.size() > 0 ? all.rows(first_, count_) : all;
  }
  template <class T>
  std::span<T> of(std::span<T> all) const {
    return all.subspan(first_, count_);
  }

  MatrixView z(std::size_t layer) const { return of(work_->z(layer)); }
  MatrixView a(std::size_t layer) const { return of(work_->a(layer)); }
  MatrixView delta(std::size_t layer) const { return of(work_->delta(layer)); }
  MatrixView d_outputs() const { return of(work_->d_outputs()); }
  ConstMatrixView outputs() const { return of(std::as_const(*work_).outputs()); }
  std::span<double> losses() const { return of(work_->losses()); }
  MatrixView mask(std::size_t layer) const { return of(work_->mask(layer)); }
  MatrixView dropped(std::size_t layer) const { return of(work_->dropped(layer)); }
  /// inputs: those of all rows.
  ConstMatrixView fed(std::size_t layer, ConstMatrixView inputs) const { return of(work_->fed(layer, inputs)); }

 private:
  Workspace* work_;
  std::size_t first_, count_, chunk_;
  kernels::ThreadPool* pool_;
};

}  // namespace chainrule
#pragma GCC visibility pop
