// SPDX-License-Identifier: Apache-2.0
#include "chainrule/gradient_check_reason.h"

#include <fmt/format.h>

#include <algorithm>

namespace chainrule {
namespace {

bool all_equal(std::span<const double> values, double to) {
  return std::ranges::all_of(values, [to](double x) { return x == to; });
}

struct Facts {
  const Architecture& architecture;
  const TruthParameters& parameters;
  const Loss& loss;
  const TruthBatch& batch;
  double weight_decay;
  const TruthStep& step;

  std::size_t rows() const { return batch.inputs.rows(); }
  double slope(std::size_t l, double z) const {
    const Activation& f = architecture.layers[l].activation;
    return activation_derivative(f, z, activation_value(f, z));
  }
  bool slope_is_one(std::size_t l) const {
    return std::ranges::all_of(step.z[l].flat(), [&](double z) { return slope(l, z) == 1; });
  }
  bool slope_at_a_is_the_same(std::size_t l) const {
    for (std::size_t k = 0; k < step.z[l].flat().size(); ++k)
      if (slope(l, step.z[l].flat()[k]) != slope(l, step.a[l].flat()[k])) return false;
    return true;
  }
  bool is_linear(std::size_t l) const { return std::ranges::equal(step.z[l].flat(), step.a[l].flat()); }
  bool is_symmetric(std::size_t l) const {
    const MatrixOf<double>& w = parameters.weights[l];
    if (w.rows() != w.columns()) return false;
    for (std::size_t i = 0; i < w.rows(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (w(i, j) != w(j, i)) return false;
    return true;
  }

  std::string of_decay(std::size_t l) const {
    if (weight_decay == 0) return "lambda is 0";
    if (architecture.layers[l].decay_multiplier == 0) return "the decay multiplier of the layer is 0";
    return "";
  }
  std::string of_transposed(std::size_t l) const {
    const MatrixOf<double>& w = parameters.weights[l];
    if (w.rows() == 1 && w.columns() == 1) return fmt::format("W{} is a single number", l + 1);
    if (w.rows() == 1 || w.columns() == 1)
      return fmt::format("W{} has one {}, and its transpose the same numbers in the same order", l + 1,
                         w.rows() == 1 ? "row" : "column");
    return is_symmetric(l) ? fmt::format("W{} is symmetric", l + 1) : "";
  }
  std::string of_network(Fault kind) const {
    switch (kind) {
      case Fault::squared_error:
        if (loss.kind == LossKind::half_squared_error) return "the loss is the half squared error";
        return loss.kind == LossKind::huber ? "no output is further off than huber_delta" : "";
      case Fault::lost_smoothing:
        return loss.label_smoothing == 0 ? "there is no label smoothing" : "";
      case Fault::lost_weights:
        return all_equal(batch.weights, 1) ? "every sample weighs 1" : "";
      case Fault::lost_sample:
        if (!batch.weights.empty() && batch.weights.back() == 0) return "the last sample weighs 0";
        return all_equal(step.delta.back().row(rows() - 1), 0) ? "the delta of the last sample is 0" : "";
      case Fault::missing_mean:
        return rows() == 1 ? "m is 1" : "";
      default:
        return "";
    }
  }
  std::string of_layer(Fault kind, std::size_t l) const {
    const std::string same_slope = slope_at_a_is_the_same(l) ? "f'(a) is f'(z) for every unit and row" : "";
    switch (kind) {
      case Fault::dropped_slope:
        return slope_is_one(l) ? "f' is 1 for every unit and row" : "";
      case Fault::slope_of_a:
        return same_slope;
      case Fault::slope_elsewhere:
        if (architecture.depth() == 1) return "there is no other layer";
        return slope_is_one(l) ? "f' is 1 for every unit and row" : "f' is the same at both";
      case Fault::transposed_weight:
        return of_transposed(l);
      case Fault::lost_sum:
        return architecture.layers[l].outputs == 1 ? "there is one unit above" : "";
      case Fault::z_for_a:
        return is_linear(l - 1) ? "a is z in the layer below" : "";
      case Fault::one_sample_bias:
        return rows() == 1 ? "m is 1" : "";
      case Fault::averaged_decay:
        return rows() == 1 ? "m is 1" : of_decay(l);
      case Fault::forgotten_decay:
      case Fault::halved_decay:
        return all_equal(parameters.weights[l].flat(), 0) ? "all weights are 0" : of_decay(l);
      case Fault::decayed_bias:
        return all_equal(parameters.biases[l], 0) ? "all biases are 0" : of_decay(l);
      default:
        return "";
    }
  }
};

// Which delta a fault of the layer works with, and whether it is there at all.
bool has_no_delta(const PlantedFault& fault, const TruthStep& step) {
  switch (fault.kind) {
    case Fault::forgotten_decay:
    case Fault::halved_decay:
    case Fault::averaged_decay:
    case Fault::decayed_bias:
      return false;
    default:
      return all_equal(step.delta[is_of_layer(fault.kind) ? fault.layer : step.delta.size() - 1].flat(), 0);
  }
}

}  // namespace

std::string reason_of_no_effect(const PlantedFault& fault, const Architecture& architecture,
                                const TruthParameters& parameters, const Loss& loss, const TruthBatch& batch,
                                double weight_decay, const TruthStep& step) {
  const Facts facts{architecture, parameters, loss, batch, weight_decay, step};
  const std::string reason =
      is_of_layer(fault.kind) ? facts.of_layer(fault.kind, fault.layer) : facts.of_network(fault.kind);
  if (!reason.empty()) return reason;
  if (has_no_delta(fault, step)) return "delta is 0 for every unit and row";
  return "what it changes makes no difference on these rows";
}

}  // namespace chainrule
