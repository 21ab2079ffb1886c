// SPDX-License-Identifier: Apache-2.0
// The buffers of a workspace, and how the rows of a batch are split among threads.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/engine/workspace.h"

namespace chainrule {

struct Workspace::Buffers {
  static constexpr std::size_t kInputs = static_cast<std::size_t>(-1);

  Buffers(const Architecture& architecture, std::size_t max_rows, std::size_t threads);
  std::size_t max_rows() const { return losses.size(); }
  std::size_t inputs() const { return masks[0].columns(); }
  /// Throws Error (usage) unless made for a network of these layers: depth, widths, and which layers have dropout.
  void require_fits(const Architecture& architecture) const;
  /// Throws Error (usage) unless the block has the layout of these layers.
  void require_layout(const Parameters& block) const;
  std::size_t checked(std::size_t layer) const {
    expect_below(z.size(), layer, "layer");
    return layer;
  }

  /// The factors of dropout for a(layer): 0 or 1 / (1 - fraction). Layer kInputs is the inputs. Empty without dropout.
  MatrixView mask(std::size_t layer) {
    if (layer != kInputs) checked(layer);
    return masks[layer + 1].rows() > 0 ? masks[layer + 1].top(rows) : MatrixView();
  }
  /// a(layer) * mask(layer); only with dropout.
  MatrixView dropped(std::size_t layer) {
    if (layer != kInputs) checked(layer);
    return dropped_out[layer + 1].rows() > 0 ? dropped_out[layer + 1].top(rows) : MatrixView();
  }
  /// The inputs of layer `layer`: the activations below it after dropout; for layer 0 those of the network.
  ConstMatrixView fed(std::size_t layer, ConstMatrixView inputs) {
    if (dropped_out[checked(layer)].rows() > 0) return dropped_out[layer].top(rows);
    return layer == 0 ? inputs : ConstMatrixView(a[layer - 1].top(rows));
  }

  /// From now on all rows are one chunk.
  void keep_together() { wide_from = std::numeric_limits<std::size_t>::max(); }
  std::size_t rows_per_chunk() const;
  /// Number of chunks of the current batch.
  std::size_t chunks() const { return rows == 0 ? 1 : (rows + rows_per_chunk() - 1) / rows_per_chunk(); }
  /// Whether each of several chunks is a node of the batch tree (kernels.h) and has many rows compared with every
  /// layer. Then its gradients are fewer numbers than its deltas and activations, and are added up chunk by chunk.
  bool chunks_have_gradients() const;

  std::size_t rows;
  std::vector<Matrix> z, a, delta;
  std::vector<Matrix> masks, dropped_out;  // [0] belongs to the inputs, [l + 1] to layer l; empty without dropout
  std::vector<double> losses;
  kernels::ThreadPool pool;
  std::vector<std::unique_ptr<kernels::ThreadPool>> alone;  // one per thread, for its own rows
  std::size_t wide_from = 1;   // from so many rows on a batch is wide compared with every layer
  double multiplications = 0;  // of both passes, for one row
};

/// Consecutive rows of a workspace, and the threads that compute them.
class WorkRows {
 public:
  /// All rows. The second constructor throws Error (usage) for rows beyond those of the batch.
  WorkRows(Workspace& work) : WorkRows(work.buffers()) {}                      // NOLINT: a workspace is its rows
  WorkRows(Workspace::Buffers& all) : WorkRows(all, 0, all.rows, all.pool) {}  // NOLINT
  WorkRows(Workspace::Buffers& all, std::size_t first, std::size_t count, kernels::ThreadPool& pool,
           std::size_t chunk = 0)
      : all_(&all), first_(first), count_(count), chunk_(chunk), pool_(&pool) {
    expect_at_most(all.rows, first, "first row");
    expect_at_most(all.rows - first, count, "rows from there on");
  }
  /// Of all rows.
  Workspace::Buffers& buffers() const { return *all_; }

  std::size_t first() const { return first_; }
  std::size_t chunk() const { return chunk_; }  ///< index of the chunk, below chunks()
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

  MatrixView z(std::size_t layer) const { return all_->z[all_->checked(layer)].view().rows(first_, count_); }
  MatrixView a(std::size_t layer) const { return all_->a[all_->checked(layer)].view().rows(first_, count_); }
  MatrixView delta(std::size_t layer) const { return all_->delta[all_->checked(layer)].view().rows(first_, count_); }
  MatrixView d_outputs() const { return delta(all_->delta.size() - 1); }
  ConstMatrixView outputs() const { return a(all_->a.size() - 1); }
  std::span<double> losses() const { return std::span(all_->losses).subspan(first_, count_); }
  MatrixView mask(std::size_t layer) const { return of(all_->mask(layer)); }
  MatrixView dropped(std::size_t layer) const { return of(all_->dropped(layer)); }
  /// inputs: those of all rows.
  ConstMatrixView fed(std::size_t layer, ConstMatrixView inputs) const { return of(all_->fed(layer, inputs)); }

 private:
  Workspace::Buffers* all_;
  std::size_t first_, count_, chunk_;
  kernels::ThreadPool* pool_;
};

/// Calls pass(rows) for all rows of the batch: once for all threads together; or, if the batch has many rows compared
/// with every layer, in each thread for its own chunk of rows, which then stay near its core from layer to layer.
void for_each_chunk(Workspace& work, const std::function<void(const WorkRows&)>& pass);

}  // namespace chainrule
