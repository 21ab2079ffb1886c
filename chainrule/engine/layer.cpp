// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/layer.h"

#include <cstdint>
#include <span>

#include "chainrule/base/random.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {
namespace {

constexpr double kDropoutWork = 32;  // cost of one number of a mask, in multiplications

void multiply(std::span<const float> x, std::span<const float> factors, std::span<float> out) {
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = x[k] * factors[k];
}

}  // namespace

ConstMatrixView drop_out(double fraction, std::size_t layer, ConstMatrixView values, const Pass& pass,
                         const WorkRows& work) {
  if (fraction == 0) return values;
  const Stream stream{pass.seed, Purpose::dropout, static_cast<std::uint32_t>(layer + 1),
                      static_cast<std::uint32_t>(pass.step)};
  const float kept = static_cast<float>(1 / (1 - fraction));
  const auto bound = static_cast<std::uint32_t>(fraction * 0x1p32);
  const MatrixView mask = work.mask(layer), dropped = work.dropped(layer);
  work.pool().split(values.rows(), kDropoutWork * static_cast<double>(values.size()),
                    [&](std::size_t, std::size_t begin, std::size_t end) {
                      for (std::size_t row = begin; row < end; ++row) {
                        const std::uint64_t index = static_cast<std::uint64_t>(pass.first_row + work.first() + row)
                                                    << 24;
                        kernels::dropout_mask(random_position(stream, index), bound, kept, mask.row(row));
                        multiply(values.row(row), mask.row(row), dropped.row(row));
                      }
                    });
  return dropped;
}

void drop_out_backward(std::size_t layer, const WorkRows& work) {
  const MatrixView mask = work.mask(layer), d_a = work.delta(layer);
  if (mask.size() == 0) return;
  work.pool().split(d_a.rows(), static_cast<double>(d_a.size()), [&](std::size_t, auto begin, auto end) {
    for (std::size_t row = begin; row < end; ++row) multiply(d_a.row(row), mask.row(row), d_a.row(row));
  });
}

}  // namespace chainrule
