// SPDX-License-Identifier: Apache-2.0
// Learning-rate schedules: pure functions of the step, so that a resumed run needs no state. (Reduce on plateau depends
// on the validation loss and is therefore part of the training loop, see train.h.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule {

/// With e = step / steps_per_epoch (finished epochs, fractional) and t = finished fraction of the run (0 in the first
/// step, 1 in the last one), both without warm-up.
enum class ScheduleKind {
  constant,     ///< 1
  step,         ///< factor ^ floor(e / every)
  exponential,  ///< factor ^ e
  inverse,      ///< 1 / (1 + factor e) ^ power
  polynomial,   ///< final + (1 - final) (1 - t) ^ power
  cosine,       ///< final + (1 - final) (1 + cos(pi t)) / 2 (Loshchilov & Hutter 2017)
  one_cycle,    ///< cosine up from 1/25 to 1 over the first 30 %, then cosine down to final (Smith 2018)
  coslog4       ///< (1 - cos(2 pi log2(1 + 15 t))) / 2: four rises and falls, each twice as long as the one before
                ///< (Holzmueller et al. 2024)
};

struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double factor = 0.1;       ///< step, exponential in (0, 1]; inverse >= 0
  double every = 10;         ///< epochs between steps, > 0
  double power = 1;          ///< inverse, polynomial, > 0
  double final = 0;          ///< last value as a fraction of the learning rate, in [0, 1]
  double warmup_epochs = 0;  ///< linear rise to the schedule's first value, before any kind; rounded to steps; >= 0
};

const std::vector<std::string>& schedule_names();
std::string_view schedule_name(ScheduleKind kind);
/// '-' counts as '_'. Throws Error (usage) that lists the known names.
ScheduleKind schedule_from_name(std::string_view name);

/// The factor of the learning rate in step `step` (from 0) of `total_steps`; in [0, 1].
double schedule_factor(const Schedule& schedule, std::uint64_t step, std::uint64_t steps_per_epoch,
                       std::uint64_t total_steps);

}  // namespace chainrule
#pragma GCC visibility pop
