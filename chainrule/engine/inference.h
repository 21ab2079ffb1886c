// SPDX-License-Identifier: Apache-2.0
// Predictions of a network, without dropout. A row gives the same bits alone and in any batch.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/network.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// A network prepared for prediction: a copy of its current weights in the order in which they are read, and buffers
/// for intermediates. Use one per thread: copies of a predictor share the weights, which are never written.
class NetworkPredictor {
 public:
  /// Computes up to max_rows >= 1 rows at a time; `threads` as for Workspace. Throws Error (usage) as validate().
  explicit NetworkPredictor(const Network& network, std::size_t max_rows = 64, std::size_t threads = 1);
  NetworkPredictor(const NetworkPredictor& other);
  NetworkPredictor(NetworkPredictor&&) noexcept;
  ~NetworkPredictor();
  std::size_t max_rows() const { return max_rows_; }

  /// a(L) of each row, without dropout and without the loss's link. A row's outputs are the same bits alone and in any
  /// batch. inputs: (rows x S_1), any number of rows; outputs: (rows x S_L). Allocates nothing. Throws Error (usage)
  /// for other sizes; does not check that the numbers are finite.
  void predict(const ConstMatrixView& inputs, const MatrixView& outputs);

 private:
  struct ReadyLayer;
  struct Buffers;
  void make_buffers();
  void predict(const ConstMatrixView& inputs, const MatrixView& outputs, Buffers& buffers) const;
  std::shared_ptr<const std::vector<ReadyLayer>> layers_;
  std::size_t max_rows_, threads_;
  double multiplications_ = 0;         // for one row
  std::unique_ptr<Buffers> together_;  // used by all threads
  std::vector<Buffers> alone_;         // one per thread for its own rows, if these are many compared with every layer
};

/// a(L) of these rows, link not applied: (rows.size() x outputs). Both functions throw Error: (usage) for rows that are
/// not in the data set, and for inputs that do not fit the network; (input) for a NaN or an infinite number, with row
/// and input.
Matrix predict_outputs(const Network& network, const Selection& rows, std::size_t threads = 0);
/// Predictions (link applied) of these rows: (rows.size() x outputs).
Matrix predict(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads = 0);

}  // namespace chainrule
#pragma GCC visibility pop
