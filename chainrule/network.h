// SPDX-License-Identifier: Apache-2.0
// The network: layer sizes, one flat block of parameters with views, the workspace of a batch, and the two passes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/activation.h"
#include "chainrule/matrix.h"
#include "chainrule/weights.h"

namespace chainrule {
namespace kernels {
class Team;
}

/// One affine layer and its activation: z = W x + b, a = f(z).
struct Layer {
  std::size_t outputs = 0;  ///< >= 1
  Activation activation;
  double dropout = 0;            ///< share of a set to 0 in training, in [0, 1); the rest is scaled by 1 / (1 - share)
  double weight_multiplier = 1;  ///< of the learning rate, for the weights (M12, as Caffe's lr_mult)
  double bias_multiplier = 1;    ///< of the learning rate, for the biases
  double decay_multiplier = 1;   ///< of the weight decay, for the weights
  double max_norm = 0;           ///< largest Euclidean norm of a unit's incoming weights; 0 = no bound
};

struct Architecture {
  std::size_t inputs = 0;     ///< S_1 >= 1
  double input_dropout = 0;   ///< share of inputs set to 0 in training, in [0, 1)
  std::vector<Layer> layers;  ///< at least one

  std::size_t depth() const { return layers.size(); }
  std::size_t layer_inputs(std::size_t layer) const { return layer == 0 ? inputs : layers[layer - 1].outputs; }
  std::size_t outputs() const { return layers.back().outputs; }
};

/// Throws Error (usage) when a size, a share or a multiplier is out of range.
void validate(const Architecture& architecture);
std::size_t parameter_count(const Architecture& architecture);
/// "4 -> 16 tanh -> 3 identity, 131 parameters"
std::string describe(const Architecture& architecture);

/// One named piece of the flat block.
struct Segment {
  enum class Kind { weights, biases };
  std::string name;  ///< "0.weight", "0.bias", "2.weight" ...: a torch.nn.Sequential counts its activations
  Kind kind = Kind::weights;
  std::size_t layer = 0, offset = 0;
  std::size_t rows = 0, columns = 0;  ///< weights: (outputs x inputs); biases: (1 x outputs)
  double rate_multiplier = 1, decay_multiplier = 1, max_norm = 0;
  /// Numbers in the block: rows * columns, and the zeros that fill up the last lines (weights.h).
  std::size_t size() const {
    return whole_lines(kind == Kind::weights ? rows : columns) * (kind == Kind::weights ? columns : 1);
  }
};

/// All weights, layer by layer, then all biases, in one contiguous block. Gradients and optimiser state are values of
/// the same type, so whoever works on all parameters is a loop over one span. Each segment begins on a cache line.
class Parameters {
 public:
  Parameters() = default;
  /// Zeros in the layout of this architecture.
  explicit Parameters(const Architecture& architecture);

  std::span<float> flat() { return values_; }
  std::span<const float> flat() const { return values_; }
  const std::vector<Segment>& segments() const { return *segments_; }
  std::span<float> of(const Segment& segment) { return flat().subspan(segment.offset, segment.size()); }
  std::span<const float> of(const Segment& segment) const { return flat().subspan(segment.offset, segment.size()); }
  WeightsView weights(std::size_t layer);  ///< (outputs x inputs)
  ConstWeightsView weights(std::size_t layer) const;
  std::span<float> biases(std::size_t layer);  ///< outputs
  std::span<const float> biases(std::size_t layer) const;

 private:
  std::shared_ptr<const std::vector<Segment>> segments_ =
      std::make_shared<const std::vector<Segment>>();  // shared: gradients and state have the same layout
  AlignedVector<float> values_;
};

/// The numbers of a segment as formulas and files order them: weights row by row, (outputs x inputs).
std::vector<float> in_rows(const Parameters& parameters, const Segment& segment);
/// Those of all segments, one after the other.
std::vector<float> in_rows(const Parameters& parameters);
/// ... and back; values: rows * columns numbers.
void set_rows(Parameters& parameters, const Segment& segment, std::span<const float> values);
void set_rows(Parameters& parameters, std::span<const float> values);

struct Network {
  Architecture architecture;
  Parameters parameters;

  Network() = default;
  /// All parameters zero; see initialize.h for a start. Throws as validate() does.
  explicit Network(Architecture a);
};

/// What dropout masks are made of, beside layer, row and unit.
struct Pass {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::size_t first_row = 0;  ///< place of the first row in the global batch
};

class WorkRows;

/// Every intermediate of a training step, allocated once for the largest batch. Layers count from 0, as the affine
/// layers do; views have as many rows as the batch at hand.
class Workspace {
 public:
  /// `threads` compute together in here, 0 = as many as this process may use; no bit of a result depends on it.
  Workspace(const Architecture& architecture, std::size_t most_rows, std::size_t threads = 1);
  Workspace(Workspace&&) noexcept;
  ~Workspace();
  /// Sets the rows of the batch at hand, at most `most_rows`.
  void set_rows(std::size_t rows) { rows_ = rows; }
  std::size_t rows() const { return rows_; }

  MatrixView z(std::size_t layer) { return z_[layer].top(rows_); }
  MatrixView a(std::size_t layer) { return a_[layer].top(rows_); }
  MatrixView delta(std::size_t layer) { return delta_[layer].top(rows_); }  ///< dJ/dz; d_a(layer) before f' is applied
  MatrixView d_outputs() { return delta_.back().top(rows_); }  ///< where backward_deltas() expects dJ/da(L)
  ConstMatrixView outputs() const { return a_.back().top(rows_); }
  std::span<double> losses() { return std::span(losses_).first(rows_); }  ///< of each row, its share of the batch's
  /// What dropout multiplied a(layer) with: 0 or 1 / (1 - share). Layer kInputs is the inputs. Empty without dropout.
  MatrixView mask(std::size_t layer) {
    return mask_[layer + 1].rows() > 0 ? mask_[layer + 1].top(rows_) : MatrixView();
  }
  /// a(layer) * mask(layer); only with dropout.
  MatrixView dropped(std::size_t layer) { return dropped_[layer + 1].top(rows_); }
  kernels::Team& team() { return *team_; }
  static constexpr std::size_t kInputs = static_cast<std::size_t>(-1);
  /// What layer `layer` was fed with: the activations below it, after dropout; layer 0 the inputs.
  ConstMatrixView fed(std::size_t layer, ConstMatrixView inputs) {
    if (dropped_[layer].rows() > 0) return dropped_[layer].top(rows_);
    return layer == 0 ? inputs : ConstMatrixView(a(layer - 1));
  }
  /// pass(rows) for all rows at hand: at once, by all threads together; or, where the batch is wide beside every layer,
  /// by each thread for its own rows, which then stay with it from layer to layer.
  void share_out(const std::function<void(const WorkRows&)>& pass);
  /// From now on all rows are one share.
  void keep_together() { wide_from_ = std::numeric_limits<std::size_t>::max(); }
  /// Into how many shares that divides the rows at hand.
  std::size_t shares() const { return rows_ == 0 ? 1 : (rows_ + rows_of_share() - 1) / rows_of_share(); }
  /// Whether each of several shares is a node of the batch tree (kernels.h) and wide beside every layer: then its
  /// gradients are fewer numbers than what they are made of, and are added up share by share.
  bool shares_have_gradients() const;

 private:
  std::size_t rows_of_share() const;
  std::size_t rows_ = 0;
  std::size_t wide_from_ = 1;   // rows that make a batch wide beside every layer
  double multiplications_ = 0;  // of both passes, for one row
  std::vector<Matrix> z_, a_, delta_;
  std::vector<Matrix> mask_,
      dropped_;  // [0] belongs to the inputs, [l + 1] to layer l; empty where there is no dropout
  std::vector<double> losses_;
  std::unique_ptr<kernels::Team> team_;
  std::vector<std::unique_ptr<kernels::Team>> alone_;  // of each thread, for its own rows
};

/// Neighbouring rows of a workspace, and who computes them.
class WorkRows {
 public:
  /// All of them.
  WorkRows(Workspace& work) : WorkRows(work, 0, work.rows(), work.team()) {}  // NOLINT: a workspace is its rows
  WorkRows(Workspace& work, std::size_t first, std::size_t count, kernels::Team& team, std::size_t share = 0)
      : work_(&work), first_(first), count_(count), share_(share), team_(&team) {}

  std::size_t first() const { return first_; }
  std::size_t share() const { return share_; }  ///< which of work.shares()
  kernels::Team& team() const { return *team_; }
  /// These rows of something that has one row, or one number, for each of the workspace.
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
  std::size_t first_, count_, share_;
  kernels::Team* team_;
};

/// Forward (M2; (3), (4)): per layer z = x W^T + b, a = f(z), with dropout's masks of this pass. inputs: (rows x S_1),
/// those of all rows of the workspace.
void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, const WorkRows& work);
/// The same for a batch: its rows are those of the workspace from now on.
void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, Workspace& work);
/// Deltas downwards (M7, M8; (13), (14), (20), (21)): work.delta(last) holds d_a of the outputs on entry; on return
/// every work.delta(layer) holds delta, made with the weights as they are now.
void backward_deltas(const Network& network, const WorkRows& work);
/// dJ/dW and dJ/db of these rows (M9; (18), (19), (22), (23)), summed, decay left out: (11), (12).
void weight_gradients(ConstMatrixView inputs, const WorkRows& work, Parameters& gradients);

/// Takes the gradient of a layer's weights while it is in a near cache, in pieces, several threads at the same time:
/// numbers [offset, offset + size) in the order of its segment, each once.
class GradientTaker {
 public:
  virtual ~GradientTaker() = default;
  /// What pieces go into, in the order of the segment, null where it is less: may be fetched while they are computed.
  virtual std::array<const float*, 3> goes_into() const = 0;
  virtual void take(std::size_t offset, std::span<const float> piece) const = 0;
  /// Whether weights whose input is 0 in all rows are wanted, too: their gradient is 0.
  virtual bool needs_zeros() const = 0;
};
/// The same gradient of one layer: of its weights to the taker, of its biases to d_biases.
void weight_gradients(ConstMatrixView inputs, Workspace& work, std::size_t layer, const GradientTaker& taker,
                      std::span<float> d_biases);

/// A network made ready to predict: a copy of its weights as they are now, in the order in which they are read, and
/// room for intermediates. One per thread: copies of a predictor share the weights, which are never written.
class NetworkPredictor {
 public:
  /// Computes up to most_rows >= 1 rows at a time; `threads` as for Workspace.
  explicit NetworkPredictor(const Network& network, std::size_t most_rows = 64, std::size_t threads = 1);
  NetworkPredictor(const NetworkPredictor& other);
  NetworkPredictor(NetworkPredictor&&) noexcept;
  ~NetworkPredictor();
  std::size_t most_rows() const { return most_rows_; }

  /// a(L) of each row, without dropout and without the loss's link. A row's outputs are the same bits alone and in any
  /// batch. inputs: (rows x S_1), any number of rows; outputs: (rows x S_L). Allocates nothing.
  void predict(const ConstMatrixView& inputs, const MatrixView& outputs);

 private:
  struct ReadyLayer;
  struct Room;
  void make_room();
  void predict(const ConstMatrixView& inputs, const MatrixView& outputs, Room& room) const;
  std::shared_ptr<const std::vector<ReadyLayer>> layers_;
  std::size_t most_rows_, threads_;
  double multiplications_ = 0;      // for one row
  std::unique_ptr<Room> together_;  // of all threads
  std::vector<Room> alone_;         // of each, for its part of the rows: where that is many beside every layer
};

}  // namespace chainrule
