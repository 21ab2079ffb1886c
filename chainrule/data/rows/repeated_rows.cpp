// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/rows/repeated_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

namespace chainrule {
namespace {

constexpr double kShare = 0.05;  // of the held-out rows; fewer repeats change no score
constexpr std::size_t kFewRepeats = 3;
constexpr double kMoreThanChance = 4;    // times as many as columns without relation would give
constexpr std::size_t kManyValues = 20;  // a column with fewer does not tell rows apart
constexpr std::size_t kRowsForChance = 1000;
constexpr std::size_t kRowsAtOnce = 256;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {  // the finalizer of MurmurHash3
  hash ^= value;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 33);
}

std::uint64_t hash_of(std::span<const float> values) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
  for (const float value : values) hash = mixed(hash, std::bit_cast<std::uint32_t>(value + 0.0f));  // -0 is 0
  return hash;
}

std::uint64_t with_target(std::uint64_t hash, const Targets& targets, std::size_t row) {
  if (targets.classes > 0) return mixed(hash, targets.labels[row]);
  for (const float value : targets.numbers().row(row)) hash = mixed(hash, std::bit_cast<std::uint32_t>(value + 0.0f));
  return hash;
}

// A hash per row of the selection, in its order.
std::vector<std::uint64_t> hashes_of(const Selection& selection) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(selection.rows.size());
  Matrix inputs(std::min(kRowsAtOnce, selection.rows.size()), selection.data->inputs.columns());
  for (std::size_t first = 0; first < selection.rows.size(); first += kRowsAtOnce) {
    const auto rows = std::span(selection.rows).subspan(first, std::min(kRowsAtOnce, selection.rows.size() - first));
    if (rows.size() < inputs.rows()) inputs = Matrix(rows.size(), inputs.columns());
    selection.data->inputs.gather(rows, inputs.view());
    for (std::size_t i = 0; i < rows.size(); ++i)
      hashes.push_back(with_target(hash_of(inputs.row(i)), selection.data->targets, rows[i]));
  }
  return hashes;
}

// How often two rows agree in something, and how many different values it has in these rows.
struct Agreement {
  double fraction = 0;
  std::size_t values = 0;
};

Agreement agreement_of(std::vector<std::uint64_t> hashes) {
  std::ranges::sort(hashes);
  double pairs = 0;
  std::size_t values = 0;
  for (std::size_t i = 0; i < hashes.size(); ++values) {
    const auto end = std::upper_bound(hashes.begin() + static_cast<std::ptrdiff_t>(i), hashes.end(), hashes[i]);
    const auto last = static_cast<std::size_t>(end - hashes.begin());
    const auto alike = static_cast<double>(last - i);
    pairs += alike * (alike - 1);
    i = last;
  }
  const auto count = static_cast<double>(hashes.size());
  return {count < 2 ? 1 : pairs / (count * (count - 1)), values};
}

// The fraction of rows that would have a twin among the training rows if the columns had no relation; 1 if no column
// tells rows apart.
double chance_of_a_twin(const Encoder& encoder, const Selection& training) {
  const std::size_t all = training.rows.size(), some = std::min(all, kRowsForChance);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < some; ++i) rows.push_back(training.rows[i * all / some]);
  Matrix inputs(some, training.data->inputs.columns());
  training.data->inputs.gather(rows, inputs.view());
  std::vector<std::uint64_t> hashes(some);
  double both = 1;
  std::size_t values = 0, offset = 0;
  for (const InputColumn& input : encoder.inputs) {
    for (std::size_t i = 0; i < some; ++i) hashes[i] = hash_of(inputs.row(i).subspan(offset, input.width()));
    const Agreement agreement = agreement_of(hashes);
    both *= agreement.fraction;
    values = std::max(values, agreement.values);
    offset += input.width();
  }
  if (values < kManyValues && !encoder.images()) return 1;
  for (std::size_t i = 0; i < some; ++i) hashes[i] = with_target(0, training.data->targets, rows[i]);
  both *= encoder.images() ? 0 : agreement_of(hashes).fraction;
  return std::min(1.0, both * static_cast<double>(all));
}

}  // namespace

std::size_t rows_on_both_sides(const Encoder& encoder, const Selection& training, const Selection& held_out) {
  if (training.rows.empty() || held_out.rows.empty()) return 0;
  std::vector<std::uint64_t> known = hashes_of(training);
  std::ranges::sort(known);
  std::size_t repeats = 0;
  for (const std::uint64_t hash : hashes_of(held_out)) repeats += std::ranges::binary_search(known, hash) ? 1 : 0;
  const double share = static_cast<double>(repeats) / static_cast<double>(held_out.rows.size());
  if (repeats < kFewRepeats || share < kShare) return 0;
  return share < kMoreThanChance * chance_of_a_twin(encoder, training) ? 0 : repeats;
}

}  // namespace chainrule
