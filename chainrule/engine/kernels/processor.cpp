// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/kernels/processor.h"

#include <algorithm>
#include <chrono>

#include "chainrule/engine/kernels/kernels.h"

namespace chainrule {

std::string_view vector_unit() { return kernels::target(); }
std::vector<std::string_view> vector_units() { return kernels::targets(); }
void use_vector_unit(std::string_view name) { kernels::use_target(name); }
bool has_fused_multiply_add() { return kernels::has_fused_multiply_add(); }
std::size_t usable_threads() { return kernels::usable_threads(); }

double peak_gflops() {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  volatile float kept = 0;
  for (int repeat = 0; repeat < 40; ++repeat) {  // short ones, so that nothing interrupts the best one
    double done = 0;
    const Clock::time_point start = Clock::now();
    kept = kept + kernels::multiply_add_chains(1'000'000, done);
    best = std::max(best, done / std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace chainrule
