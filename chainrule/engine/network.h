// SPDX-License-Identifier: Apache-2.0
// The network: layer sizes, and one flat block of parameters with views.
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

#include "chainrule/base/matrix.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/kernels/weights.h"

#pragma GCC visibility push(default)
namespace chainrule {
/// One affine layer and its activation: z = W x + b, a = f(z).
struct Layer {
  std::size_t outputs = 0;  ///< >= 1
  Activation activation;
  double dropout = 0;  ///< fraction of a set to 0 in training, in [0, 1); the others are divided by 1 - fraction
  double weight_multiplier = 1;  ///< of the learning rate, for the weights (M12, as Caffe's lr_mult)
  double bias_multiplier = 1;    ///< of the learning rate, for the biases
  double decay_multiplier = 1;   ///< of the weight decay, for the weights
  double max_norm = 0;           ///< largest Euclidean norm of a unit's incoming weights; 0 = no bound
};

struct Architecture {
  std::size_t inputs = 0;     ///< S_1 >= 1
  double input_dropout = 0;   ///< fraction of inputs set to 0 in training, in [0, 1)
  std::vector<Layer> layers;  ///< at least one

  std::size_t depth() const { return layers.size(); }
  std::size_t layer_inputs(std::size_t layer) const { return layer == 0 ? inputs : layers[layer - 1].outputs; }
  std::size_t outputs() const { return layers.back().outputs; }
};

/// Throws Error (usage) if a size, a fraction or a multiplier is out of range, or an activation is unknown.
void validate(const Architecture& architecture);
std::size_t parameter_count(const Architecture& architecture);
/// "4 -> 16 tanh -> 3 identity, 131 parameters"
std::string describe(const Architecture& architecture);

/// One named piece of the flat block.
struct Segment {
  enum class Kind { weights, biases };
  std::string name;  ///< "0.weight", "0.bias", "2.weight" ...: a torch.nn.Sequential also counts its activations
  Kind kind = Kind::weights;
  std::size_t layer = 0, offset = 0;
  std::size_t rows = 0, columns = 0;  ///< weights: (outputs x inputs); biases: (1 x outputs)
  double rate_multiplier = 1, decay_multiplier = 1, max_norm = 0;
  /// Numbers in the block: rows * columns, and the zeros that pad the last cache lines (weights.h).
  std::size_t size() const {
    return whole_lines(kind == Kind::weights ? rows : columns) * (kind == Kind::weights ? columns : 1);
  }
};

/// All weights, layer by layer, then all biases, in one contiguous block. Gradients and optimizer state have the same
/// type, so that work on all parameters is a loop over one span. Each segment begins on a cache line.
class Parameters {
 public:
  Parameters() = default;
  /// Zeros in the layout of this architecture.
  explicit Parameters(const Architecture& architecture);

  std::span<float> flat() { return values_; }
  std::span<const float> flat() const { return values_; }
  const std::vector<Segment>& segments() const { return segments_ ? *segments_ : none(); }  ///< empty if moved from
  /// The numbers of a segment, as they are stored. Throws Error (usage) for a segment of a larger block.
  std::span<float> of(const Segment& segment) { return flat().subspan(offset_of(segment), segment.size()); }
  std::span<const float> of(const Segment& segment) const { return flat().subspan(offset_of(segment), segment.size()); }
  /// For layer 0 ... depth - 1. Throw Error (usage) for another layer.
  WeightsView weights(std::size_t layer);  ///< (outputs x inputs)
  ConstWeightsView weights(std::size_t layer) const;
  std::span<float> biases(std::size_t layer);  ///< outputs
  std::span<const float> biases(std::size_t layer) const;
  /// Copies the multipliers and norm bounds of this architecture. Throws Error (usage) unless the block has its layout.
  void take_multipliers(const Architecture& architecture);

 private:
  std::size_t offset_of(const Segment& segment) const {
    if (segment.offset + segment.size() > values_.size()) refuse(segment);
    return segment.offset;
  }
  [[noreturn]] void refuse(const Segment& segment) const;
  static const std::vector<Segment>& none();
  std::shared_ptr<const std::vector<Segment>> segments_ =
      std::make_shared<const std::vector<Segment>>();  // shared: gradients and state have the same layout
  AlignedVector<float> values_;
};

/// The position of a parameter.
struct ParameterIndex {
  std::size_t layer = 0;
  bool is_bias = false;
  std::size_t row = 0, column = 0;  ///< of the weight matrix; a bias has its unit in row
};
/// "W2[3,1]" or "b2[3]", in the article's notation: W(l) connects layer l to layer l + 1, all indices from 1.
std::string parameter_name(const ParameterIndex& index);

/// Throws Error (usage) unless the block has the layout of this architecture.
void require_layout(const Parameters& parameters, const Architecture& architecture);

/// The numbers of a segment in the order of formulas and files: weights row by row, (outputs x inputs).
std::vector<float> in_rows(const Parameters& parameters, const Segment& segment);
/// The numbers of all segments, one segment after the other.
std::vector<float> in_rows(const Parameters& parameters);
/// The inverse of in_rows(); values: rows * columns numbers, of one segment or of all. Throw Error (usage) for another
/// count.
void set_rows(Parameters& parameters, const Segment& segment, std::span<const float> values);
void set_rows(Parameters& parameters, std::span<const float> values);

/// The layers and their parameters. All of `architecture` but the sizes may be changed: activations, dropout,
/// multipliers and norm bounds take effect with the next step.
struct Network {
  Architecture architecture;
  Parameters parameters;

  Network() = default;
  /// All parameters zero; see initialize.h for initial weights. Throws as validate() does.
  explicit Network(Architecture a);
};

/// Throws Error (usage) unless the architecture is valid and the parameters have its layout. A moved-from network, or
/// one whose sizes were changed, is refused.
void validate(const Network& network);

/// From now on no update changes this layer's weights and biases (layers count from 0): its multipliers of rate and
/// decay and its norm bound become 0. Only train() still flushes subnormal numbers at its start. Throws Error (usage)
/// for a missing layer.
void freeze(Network& network, std::size_t layer);

}  // namespace chainrule
#pragma GCC visibility pop
