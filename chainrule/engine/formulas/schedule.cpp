// SPDX-License-Identifier: Apache-2.0
// The formulas of the learning-rate schedules.
#include "chainrule/engine/formulas/schedule.h"

#include <algorithm>
#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/base/elementary.h"
#include "chainrule/engine/train_options.h"

namespace chainrule {
namespace {

constexpr double kOneCycleStart = 1.0 / 25;
constexpr double kOneCyclePeak = 0.3;  // fraction of the run

// From `from` (u = 0) to `to` (u = 1) along half a period of a cosine.
double cosine_between(double from, double to, double u) {
  return to + (from - to) * (1 + elementary::cos_turns(u / 2)) / 2;
}

// e: finished epochs; t: finished fraction of the run, in [0, 1].
double factor_at(const Schedule& s, double e, double t) {
  switch (s.kind) {
    case ScheduleKind::constant:
      return 1;
    case ScheduleKind::step:
      return elementary::pow(s.factor, std::floor(e / s.every));
    case ScheduleKind::exponential:
      return elementary::pow(s.factor, e);
    case ScheduleKind::inverse:
      return 1 / elementary::pow(1 + s.factor * e, s.power);
    case ScheduleKind::polynomial:
      return s.final + (1 - s.final) * elementary::pow(1 - t, s.power);
    case ScheduleKind::cosine:
      return cosine_between(1, s.final, t);
    case ScheduleKind::one_cycle:
      if (t < kOneCyclePeak) return cosine_between(kOneCycleStart, 1, t / kOneCyclePeak);
      return cosine_between(1, s.final, (t - kOneCyclePeak) / (1 - kOneCyclePeak));
    case ScheduleKind::coslog4: {
      const double turns = elementary::log(1 + 15 * t) * elementary::kLog2E;
      return (1 - elementary::cos_turns(turns - std::floor(turns))) / 2;
    }
  }
  throw Error(ErrorCategory::internal, "learning-rate schedule: unknown kind");
}

}  // namespace

const std::vector<std::string>& schedule_names() {
  static const std::vector<std::string> names = {"constant",   "step",   "exponential", "inverse",
                                                 "polynomial", "cosine", "one_cycle",   "coslog4"};
  return names;
}

std::string_view schedule_name(ScheduleKind kind) {
  expect_below(schedule_names().size(), static_cast<std::size_t>(kind), "schedule");
  return schedule_names()[static_cast<std::size_t>(kind)];
}

ScheduleKind schedule_from_name(std::string_view name) {
  return static_cast<ScheduleKind>(index_of_name(name, schedule_names(), "schedule"));
}

double schedule_factor(const Schedule& schedule, std::uint64_t step, std::uint64_t steps_per_epoch,
                       std::uint64_t total_steps) {
  const auto per_epoch = static_cast<double>(std::max<std::uint64_t>(steps_per_epoch, 1));
  const double warmup = std::floor(schedule.warmup_epochs * per_epoch + 0.5);
  const auto now = static_cast<double>(step);
  if (now < warmup) return std::clamp((now + 1) / warmup * factor_at(schedule, 0, 0), 0.0, 1.0);
  const double after = now - warmup;
  const double last = static_cast<double>(total_steps) - warmup - 1;
  const double t = last > 0 ? std::min(after / last, 1.0) : 0;
  return std::clamp(factor_at(schedule, after / per_epoch, t), 0.0, 1.0);
}

}  // namespace chainrule
