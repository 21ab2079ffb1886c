// SPDX-License-Identifier: Apache-2.0
// The two passes of the article: forward, and the mirror of it.
#include "chainrule/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/kernels/flush.h"
#include "chainrule/kernels/kernels.h"
#include "chainrule/random.h"

namespace chainrule {
namespace {

constexpr std::size_t kMostUnits = std::size_t{1} << 24;  // of a layer: places in random streams and masks stay unique

void require(bool holds, const std::string& what, const std::string& expected, double found) {
  if (holds) return;
  throw Error(ErrorCategory::usage, fmt::format("{}: expected {}, found {}", what, expected, found));
}

void require_share(double share, const std::string& what) {
  require(share >= 0 && share < 1, what, "a share in [0, 1)", share);
}

void require_multiplier(double value, const std::string& what) {
  require(std::isfinite(value) && value >= 0, what, "a finite number >= 0", value);
}

void require_units(std::size_t units, const std::string& what) {
  require(units >= 1 && units <= kMostUnits, what, "1 to " + std::to_string(kMostUnits), static_cast<double>(units));
}

std::vector<Segment> layout(const Architecture& architecture) {
  std::vector<Segment> segments;
  std::size_t offset = 0;
  const auto add = [&](Segment segment) {
    segment.offset = offset;
    offset += segment.size();
    segments.push_back(std::move(segment));
  };
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    add({std::to_string(2 * l) + ".weight", Segment::Kind::weights, l, 0, layer.outputs, architecture.layer_inputs(l),
         layer.weight_multiplier, layer.decay_multiplier, layer.max_norm});
  }
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    add({std::to_string(2 * l) + ".bias", Segment::Kind::biases, l, 0, 1, layer.outputs, layer.bias_multiplier, 0, 0});
  }
  return segments;
}

void multiply(std::span<const float> x, std::span<const float> factors, std::span<float> out) {
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = x[k] * factors[k];
}

constexpr std::size_t kRowsAlone = 16;  // of which a thread gets a multiple: lanes of the widest vectors
constexpr double kDropoutWork = 32;     // what one number of a mask costs, in multiplications

// What layer l + 1 is fed with: `values` themselves, or with dropout `values` * mask. Inverted dropout: mask = 0 for a
// share of the units, 1 / (1 - share) for the others. One call of the generator serves four units; the place of a unit
// depends on its row in the global batch, never on who computes it.
ConstMatrixView drop_out(double share, std::size_t layer, ConstMatrixView values, const Pass& pass,
                         const WorkRows& work) {
  if (share == 0) return values;
  const Stream stream{pass.seed, Purpose::dropout, static_cast<std::uint32_t>(layer + 1),
                      static_cast<std::uint32_t>(pass.step)};
  const float kept = static_cast<float>(1 / (1 - share));
  const auto bound = static_cast<std::uint32_t>(share * 0x1p32);
  const MatrixView mask = work.mask(layer), dropped = work.dropped(layer);
  work.team().split(values.rows(), kDropoutWork * static_cast<double>(values.size()),
                    [&](std::size_t, std::size_t begin, std::size_t end) {
                      for (std::size_t row = begin; row < end; ++row) {
                        const std::uint64_t place = static_cast<std::uint64_t>(pass.first_row + work.first() + row)
                                                    << 24;
                        kernels::dropout_mask(random_place(stream, place), bound, kept, mask.row(row));
                        multiply(values.row(row), mask.row(row), dropped.row(row));
                      }
                    });
  return dropped;
}

// What one number of an activation costs, in multiplications.
double activation_work(const Activation& activation) {
  const bool only_moves = activation.kind == ActivationKind::identity || activation.kind == ActivationKind::relu;
  return only_moves ? 8 : 48;
}

void activate(kernels::Team& team, const Activation& activation, const ConstMatrixView& z, const MatrixView& a) {
  team.split(z.size(), activation_work(activation) * static_cast<double>(z.size()),
             [&](std::size_t, std::size_t begin, std::size_t end) {
               const std::size_t count = end - begin;
               activation_forward(activation, z.flat().subspan(begin, count), a.flat().subspan(begin, count));
             });
}

void activate_backward(kernels::Team& team, const Activation& activation, const ConstMatrixView& z,
                       const ConstMatrixView& a, const MatrixView& delta) {
  team.split(z.size(), activation_work(activation) * static_cast<double>(z.size()),
             [&](std::size_t, std::size_t begin, std::size_t end) {
               const std::size_t count = end - begin;
               const std::span<float> d = delta.flat().subspan(begin, count);
               activation_backward(activation, z.flat().subspan(begin, count), a.flat().subspan(begin, count), d, d);
             });
}

}  // namespace

void validate(const Architecture& architecture) {
  require_units(architecture.inputs, "inputs");
  require_share(architecture.input_dropout, "input_dropout");
  if (architecture.layers.empty()) throw Error(ErrorCategory::usage, "layers: expected at least 1, found 0");
  std::size_t total = 0;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    const std::string of = " of layer " + std::to_string(l + 1);
    require_units(layer.outputs, "units" + of);
    require_share(layer.dropout, "dropout" + of);
    require_multiplier(layer.weight_multiplier, "weight_multiplier" + of);
    require_multiplier(layer.bias_multiplier, "bias_multiplier" + of);
    require_multiplier(layer.decay_multiplier, "decay_multiplier" + of);
    require_multiplier(layer.max_norm, "max_norm" + of);
    total += layer.outputs * (architecture.layer_inputs(l) + 1);  // < 2^49 each, so no overflow
    require(total <= std::numeric_limits<std::uint32_t>::max(), "parameters", "at most 2^32 - 1",
            static_cast<double>(total));
  }
  require(architecture.layers.back().dropout == 0, "dropout of the output layer", "0",
          architecture.layers.back().dropout);
}

std::size_t parameter_count(const Architecture& architecture) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < architecture.depth(); ++l)
    count += architecture.layers[l].outputs * (architecture.layer_inputs(l) + 1);
  return count;
}

std::string describe(const Architecture& architecture) {
  std::string text = std::to_string(architecture.inputs);
  for (const Layer& layer : architecture.layers)
    text += " -> " + std::to_string(layer.outputs) + ' ' + std::string(activation_name(layer.activation));
  return text + ", " + std::to_string(parameter_count(architecture)) + " parameters";
}

Parameters::Parameters(const Architecture& architecture)
    : segments_(std::make_shared<const std::vector<Segment>>(layout(architecture))),
      values_(segments_->back().offset + segments_->back().size()) {}

WeightsView Parameters::weights(std::size_t layer) {
  const Segment& segment = segments()[layer];
  return {values_.data() + segment.offset, segment.rows, segment.columns};
}
ConstWeightsView Parameters::weights(std::size_t layer) const {
  const Segment& segment = segments()[layer];
  return {values_.data() + segment.offset, segment.rows, segment.columns};
}
std::span<float> Parameters::biases(std::size_t layer) {
  const Segment& segment = segments()[segments().size() / 2 + layer];
  return of(segment).first(segment.columns);
}
std::span<const float> Parameters::biases(std::size_t layer) const {
  const Segment& segment = segments()[segments().size() / 2 + layer];
  return of(segment).first(segment.columns);
}

std::vector<float> in_rows(const Parameters& parameters, const Segment& segment) {
  std::vector<float> values(segment.rows * segment.columns);
  if (segment.kind == Segment::Kind::weights)
    copy_weights(parameters.weights(segment.layer), MatrixView(values.data(), segment.rows, segment.columns));
  else
    std::ranges::copy(parameters.biases(segment.layer), values.begin());
  return values;
}

std::vector<float> in_rows(const Parameters& parameters) {
  std::vector<float> all;
  for (const Segment& segment : parameters.segments()) {
    const std::vector<float> values = in_rows(parameters, segment);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

void set_rows(Parameters& parameters, std::span<const float> values) {
  for (const Segment& segment : parameters.segments()) {
    set_rows(parameters, segment, values.first(segment.rows * segment.columns));
    values = values.subspan(segment.rows * segment.columns);
  }
}

void set_rows(Parameters& parameters, const Segment& segment, std::span<const float> values) {
  assert(values.size() == segment.rows * segment.columns);
  if (segment.kind == Segment::Kind::weights)
    copy_weights(ConstMatrixView(values.data(), segment.rows, segment.columns), parameters.weights(segment.layer));
  else
    std::ranges::copy(values, parameters.biases(segment.layer).begin());
}

Network::Network(Architecture a) : architecture(std::move(a)) {
  validate(architecture);
  parameters = Parameters(architecture);
}

Workspace::Workspace(const Architecture& architecture, std::size_t most_rows, std::size_t threads)
    : rows_(most_rows), losses_(most_rows), team_(std::make_unique<kernels::Team>(threads)) {
  const auto room_for_dropout = [&](double share, std::size_t units) {
    mask_.emplace_back(share > 0 ? most_rows : 0, units);
    dropped_.emplace_back(share > 0 ? most_rows : 0, units);
  };
  room_for_dropout(architecture.input_dropout, architecture.inputs);
  for (const Layer& layer : architecture.layers) {
    z_.emplace_back(most_rows, layer.outputs);
    a_.emplace_back(most_rows, layer.outputs);
    delta_.emplace_back(most_rows, layer.outputs);
    room_for_dropout(layer.dropout, layer.outputs);
  }
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const std::size_t inputs = architecture.layer_inputs(l), outputs = architecture.layers[l].outputs;
    wide_from_ = std::max(wide_from_, kernels::rows_of_wide_batch(inputs, outputs));
    multiplications_ += 2 * static_cast<double>(inputs * outputs);
  }
  for (std::size_t member = 0; member < team_->size(); ++member) alone_.push_back(std::make_unique<kernels::Team>());
}

Workspace::Workspace(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

std::size_t Workspace::rows_of_share() const {
  if (rows_ < wide_from_ || !team_->pays(multiplications_ * static_cast<double>(rows_))) return rows_;
  const std::size_t size = team_->size(), leaves = (rows_ + kernels::kLeafRows - 1) / kernels::kLeafRows;
  const std::size_t node = std::bit_ceil((leaves + size - 1) / size) * kernels::kLeafRows;
  const std::size_t even = ((rows_ + size - 1) / size + kRowsAlone - 1) / kRowsAlone * kRowsAlone;
  return 4 * node <= 5 * even ? node : even;  // nodes, where the others need not wait long for the largest
}

bool Workspace::shares_have_gradients() const {
  const std::size_t rows = rows_of_share();
  return rows < rows_ && rows >= wide_from_ && rows % kernels::kLeafRows == 0 &&
         std::has_single_bit(rows / kernels::kLeafRows);
}

void Workspace::share_out(const std::function<void(const WorkRows&)>& pass) {
  const std::size_t rows = rows_of_share();
  if (rows == rows_) return pass(*this);
  team_->run([&](std::size_t member) {
    if (member * rows >= rows_) return;
    pass({*this, member * rows, std::min(rows, rows_ - member * rows), *alone_[member], member});
  });
}

void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, Workspace& work) {
  work.set_rows(inputs.rows());
  forward(network, inputs, pass, WorkRows(work));
}

void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, const WorkRows& work) {
  const kernels::FlushSubnormals flush;
  const Architecture& architecture = network.architecture;
  ConstMatrixView x = drop_out(architecture.input_dropout, Workspace::kInputs, work.of(inputs), pass, work);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    kernels::affine_forward(work.team(), x, network.parameters.weights(l), network.parameters.biases(l), work.z(l));
    activate(work.team(), layer.activation, work.z(l), work.a(l));
    x = drop_out(layer.dropout, l, work.a(l), pass, work);
  }
}

void backward_deltas(const Network& network, const WorkRows& work) {
  const kernels::FlushSubnormals flush;
  const Architecture& architecture = network.architecture;
  for (std::size_t l = architecture.depth(); l-- > 0;) {
    const MatrixView delta = work.delta(l);  // holds d_a until f' is applied
    if (work.mask(l).size() > 0)
      work.team().split(delta.rows(), static_cast<double>(delta.size()), [&](std::size_t, auto begin, auto end) {
        for (std::size_t row = begin; row < end; ++row) multiply(delta.row(row), work.mask(l).row(row), delta.row(row));
      });
    activate_backward(work.team(), architecture.layers[l].activation, work.z(l), work.a(l), delta);
    if (l > 0) kernels::affine_backward_input(work.team(), delta, network.parameters.weights(l), work.delta(l - 1));
  }
}

void weight_gradients(ConstMatrixView inputs, const WorkRows& work, Parameters& gradients) {
  const kernels::FlushSubnormals flush;
  for (std::size_t l = 0; l < gradients.segments().size() / 2; ++l)
    kernels::affine_backward_weights(work.team(), work.delta(l), work.fed(l, inputs), gradients.weights(l),
                                     gradients.biases(l));
}

void weight_gradients(ConstMatrixView inputs, Workspace& work, std::size_t layer, const GradientTaker& taker,
                      std::span<float> d_biases) {
  const kernels::FlushSubnormals flush;
  const kernels::GradientSink sink{&taker,
                                   [](const void* to, std::size_t offset, std::span<const float> piece) {
                                     static_cast<const GradientTaker*>(to)->take(offset, piece);
                                   },
                                   taker.goes_into(), taker.needs_zeros()};
  kernels::affine_backward_weights(work.team(), work.delta(layer), work.fed(layer, inputs), sink, d_biases);
}

struct NetworkPredictor::ReadyLayer {
  Activation activation;
  std::size_t outputs, inputs;
  AlignedVector<float> values, biases;
  ConstWeightsView weights() const { return {values.data(), outputs, inputs}; }
};

// What so many rows at a time are computed in, and by whom.
struct NetworkPredictor::Room {
  std::size_t rows;
  AlignedVector<float> even, odd;
  std::unique_ptr<kernels::Team> team;
};

NetworkPredictor::NetworkPredictor(const Network& network, std::size_t most_rows, std::size_t threads)
    : most_rows_(std::max<std::size_t>(most_rows, 1)), threads_(threads) {
  const Architecture& architecture = network.architecture;
  std::vector<ReadyLayer> layers;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const std::span<const float> weights = network.parameters.weights(l).flat();
    const std::span<const float> biases = network.parameters.biases(l);
    layers.push_back({architecture.layers[l].activation,
                      biases.size(),
                      architecture.layer_inputs(l),
                      {weights.begin(), weights.end()},
                      {biases.begin(), biases.end()}});
  }
  layers_ = std::make_shared<const std::vector<ReadyLayer>>(std::move(layers));
  make_room();
}

void NetworkPredictor::make_room() {
  std::size_t widest = 0, wide_from = 1;
  for (const ReadyLayer& layer : *layers_) {
    widest = std::max(widest, layer.outputs);
    wide_from = std::max(wide_from, kernels::rows_of_wide_batch(layer.inputs, layer.outputs));
    multiplications_ += static_cast<double>(layer.inputs * layer.outputs);
  }
  // Computes rows of zeros, for which the kernels ask for the most memory.
  const auto room = [&](std::size_t threads, std::size_t rows) {
    Room made{rows, AlignedVector<float>(rows * widest), AlignedVector<float>(rows * widest),
              std::make_unique<kernels::Team>(threads)};
    for (const ReadyLayer& layer : *layers_) {
      const Matrix zeros(rows, layer.inputs);
      kernels::affine_forward(*made.team, zeros.view(), layer.weights(), layer.biases,
                              MatrixView(made.even.data(), rows, layer.outputs));
    }
    return made;
  };
  together_ = std::make_unique<Room>(room(threads_, most_rows_));
  const std::size_t size = together_->team->size();
  const std::size_t alone_rows = (most_rows_ / size + kRowsAlone - 1) / kRowsAlone * kRowsAlone;
  if (size == 1 || alone_rows < wide_from || most_rows_ < size * kRowsAlone) return;
  while (alone_.size() < size) alone_.push_back(room(1, alone_rows));
}

NetworkPredictor::NetworkPredictor(const NetworkPredictor& other)
    : layers_(other.layers_), most_rows_(other.most_rows_), threads_(other.threads_) {
  make_room();
}
NetworkPredictor::NetworkPredictor(NetworkPredictor&&) noexcept = default;
NetworkPredictor::~NetworkPredictor() = default;

void NetworkPredictor::predict(const ConstMatrixView& inputs, const MatrixView& outputs) {
  const std::size_t rows = inputs.rows(), groups = (rows + kRowsAlone - 1) / kRowsAlone;
  if (alone_.empty() || groups < alone_.size()) return predict(inputs, outputs, *together_);
  together_->team->split(groups, multiplications_ * static_cast<double>(rows),
                         [&](std::size_t member, std::size_t begin, std::size_t end) {
                           const std::size_t first = begin * kRowsAlone,
                                             count = std::min(end * kRowsAlone, rows) - first;
                           predict(inputs.rows(first, count), outputs.rows(first, count), alone_[member]);
                         });
}

void NetworkPredictor::predict(const ConstMatrixView& inputs, const MatrixView& outputs, Room& room) const {
  const kernels::FlushSubnormals flush;
  for (std::size_t first = 0; first < inputs.rows(); first += room.rows) {
    const std::size_t rows = std::min(room.rows, inputs.rows() - first);
    ConstMatrixView x = inputs.rows(first, rows);
    for (std::size_t l = 0; l < layers_->size(); ++l) {
      const ReadyLayer& layer = (*layers_)[l];
      float* between = l % 2 == 0 ? room.even.data() : room.odd.data();
      const bool last = l + 1 == layers_->size();
      const MatrixView z = last ? outputs.rows(first, rows) : MatrixView(between, rows, layer.outputs);
      kernels::affine_forward(*room.team, x, layer.weights(), layer.biases, z);
      activate(*room.team, layer.activation, z, z);
      x = z;
    }
  }
}

}  // namespace chainrule
