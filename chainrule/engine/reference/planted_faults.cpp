// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/reference/planted_faults.h"

#include <fmt/format.h>

#include <array>

#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/reference/backward_inputs.h"

namespace chainrule {
namespace {

struct Entry {
  Fault kind;
  std::size_t lowest;  // first affine layer that can have it; kWhole: the whole network
  std::string_view name, words;
  std::string_view where = {};  // the first wrong quantity ...
  std::size_t above = 1;        // ... and its layer in the article, relative to the affine one
};

constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

constexpr std::array<Entry, 18> kFaults{{
    {Fault::dropped_slope, 0, "dropped_slope", "f'(z) left out", "delta", 2},
    {Fault::slope_of_a, 0, "slope_of_a", "f' taken at a instead of z", "delta", 2},
    {Fault::slope_elsewhere, 0, "slope_elsewhere", "f' taken at the z of another layer", "delta", 2},
    {Fault::transposed_weight, 1, "transposed_weight", "W transposed once too often", "delta"},
    {Fault::lost_sum, 1, "lost_sum", "not summed over the units above", "delta"},
    {Fault::z_for_a, 1, "z_for_a", "z of the layer below instead of its a", "dJ/dW"},
    {Fault::a_elsewhere, 0, "a_elsewhere", "a of the wrong layer", "dJ/dW"},
    {Fault::one_sample_bias, 0, "one_sample_bias", "the last sample only", "dJ/db"},
    {Fault::forgotten_decay, 0, "forgotten_decay", "lambda W forgotten", "dJ/dW"},
    {Fault::halved_decay, 0, "halved_decay", "lambda / 2 W for lambda W", "dJ/dW"},
    {Fault::averaged_decay, 0, "averaged_decay", "lambda W divided by m", "dJ/dW"},
    {Fault::decayed_bias, 0, "decayed_bias", "biases decayed like weights", "dJ/db"},
    {Fault::wrong_sign, kWhole, "wrong_sign", "sign of the outputs' delta reversed"},
    {Fault::squared_error, kWhole, "squared_error", "delta of the half squared error"},
    {Fault::lost_smoothing, kWhole, "lost_smoothing", "label smoothing ignored"},
    {Fault::lost_weights, kWhole, "lost_weights", "sample weights ignored"},
    {Fault::lost_sample, kWhole, "lost_sample", "the last sample of the batch forgotten"},
    {Fault::missing_mean, kWhole, "missing_mean", "the sum over the batch not divided by m"},
}};

const Entry& entry_of(Fault kind) { return kFaults.at(static_cast<std::size_t>(kind) - 1); }

// `columns` columns, those of `from` in turn.
MatrixOf<double> in_turn(ViewOf<const double> from, std::size_t columns) {
  MatrixOf<double> out(from.rows(), columns);
  for (std::size_t i = 0; i < from.rows(); ++i)
    for (std::size_t k = 0; k < columns; ++k) out(i, k) = from(i, k % from.columns());
  return out;
}

// Number j * outputs + i at (i, j): reads the row-major memory as that of the transpose.
MatrixOf<double> transposed_in_place(ViewOf<const double> w) {
  MatrixOf<double> out(w.rows(), w.columns());
  for (std::size_t i = 0; i < w.rows(); ++i)
    for (std::size_t j = 0; j < w.columns(); ++j) out(i, j) = w.flat()[j * w.rows() + i];
  return out;
}

MatrixOf<double> last_row_only(ViewOf<const double> w) {
  MatrixOf<double> out(w.rows(), w.columns());
  std::ranges::copy(w.row(w.rows() - 1), out.row(w.rows() - 1).begin());
  return out;
}

// f' is then taken at another z.
void read_slope_at(BackwardInputs& reads, LayerBackwardInputs& layer, MatrixOf<double> z) {
  MatrixOf<double> a = z;
  for (double& value : a.flat()) value = activation_value(layer.activation, value);
  reads.made.push_back(std::move(z));
  reads.made.push_back(std::move(a));
  layer.z = reads.made[reads.made.size() - 2].view();
  layer.a = reads.made.back().view();
}

void read_instead(BackwardInputs& reads, ViewOf<const double>& what, MatrixOf<double> other) {
  reads.made.push_back(std::move(other));
  what = std::as_const(reads.made.back()).view();
}

void plant_in_layer(const PlantedFault& fault, BackwardInputs& reads) {
  LayerBackwardInputs& layer = reads.layers[fault.layer];
  const std::size_t l = fault.layer, depth = reads.layers.size(), m = layer.z.rows();
  switch (fault.kind) {
    case Fault::dropped_slope:
      layer.activation = ActivationKind::identity;
      return;
    case Fault::slope_of_a:
      return read_slope_at(reads, layer, in_turn(layer.a, layer.a.columns()));
    case Fault::slope_elsewhere:
      if (depth == 1) return;
      return read_slope_at(reads, layer, in_turn(reads.layers[l + 1 < depth ? l + 1 : l - 1].z, layer.z.columns()));
    case Fault::transposed_weight:
      return read_instead(reads, layer.weights, transposed_in_place(layer.weights));
    case Fault::lost_sum:
      return read_instead(reads, layer.weights, last_row_only(layer.weights));
    case Fault::z_for_a:
      layer.fed = reads.layers[l - 1].z;
      return;
    case Fault::a_elsewhere:
      return read_instead(reads, layer.fed, in_turn(layer.a, layer.fed.columns()));
    case Fault::one_sample_bias:
      layer.first_bias_row = m - 1;
      return;
    case Fault::forgotten_decay:
      layer.decay = 0;
      return;
    case Fault::halved_decay:
      layer.decay /= 2;
      return;
    case Fault::averaged_decay:
      layer.decay /= reads.rows;
      return;
    case Fault::decayed_bias:
      layer.bias_decay = layer.decay;
      return;
    default:
      return;
  }
}

}  // namespace

void plant(const PlantedFault& fault, BackwardInputs& reads) {
  switch (fault.kind) {
    case Fault::none:
      return;
    case Fault::wrong_sign:
      for (double& weight : reads.sample_weights) weight = -weight;
      return;
    case Fault::squared_error:
      reads.loss = LossKind::half_squared_error;
      return;
    case Fault::lost_smoothing:
      reads.loss.label_smoothing = 0;
      return;
    case Fault::lost_weights:
      reads.sample_weights.assign(reads.sample_weights.size(), 1);
      return;
    case Fault::lost_sample:
      reads.sample_weights.back() = 0;
      return;
    case Fault::missing_mean:
      reads.rows = 1;
      return;
    default:
      return plant_in_layer(fault, reads);
  }
}

bool is_of_layer(Fault kind) { return kind != Fault::none && entry_of(kind).lowest != kWhole; }

std::vector<PlantedFault> all_faults(const Architecture& architecture) {
  std::vector<PlantedFault> faults;
  for (const Entry& entry : kFaults) {
    if (entry.lowest == kWhole) faults.push_back({entry.kind, 0});
    if (entry.lowest == kWhole) continue;
    for (std::size_t l = entry.lowest; l < architecture.depth(); ++l) faults.push_back({entry.kind, l});
  }
  return faults;
}

std::string_view fault_name(Fault kind) { return kind == Fault::none ? "none" : entry_of(kind).name; }
std::string fault_location(const PlantedFault& fault) {
  if (!is_of_layer(fault.kind)) return "the network";
  const Entry& entry = entry_of(fault.kind);
  return fmt::format("{}{}", entry.where, fault.layer + entry.above);
}

std::string_view fault_words(Fault kind) { return kind == Fault::none ? "nothing wrong" : entry_of(kind).words; }

}  // namespace chainrule
