// SPDX-License-Identifier: Apache-2.0
// News of a training on standard error: a bar on a terminal, else lines, at most about one per second.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "chainrule/history.h"
#include "chainrule/train.h"
#include "cli/terminal.h"

namespace chainrule::cli {

class Progress {
 public:
  /// `rows`: training rows of an epoch.
  Progress(const Terminal& terminal, std::size_t rows, const TrainOptions& options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Listens until this object ends; `should_stop` is passed on.
  Observer observer(std::function<bool()> should_stop);
  /// Takes the bar away, or writes the last epoch's line.
  void finish();
  double seconds() const;  ///< since the start

 private:
  using Clock = std::chrono::steady_clock;

  void on_step(const StepRecord& record);
  void on_epoch(const EpochRecord& record);
  void draw(double epochs_done);
  std::string speed(double epochs_done) const;

  Terminal terminal_;
  std::size_t rows_, epochs_;
  std::string watched_;  // metric
  double plateau_factor_;
  Clock::time_point start_, shown_;  // shown_: when the last line or bar was written
  double step_loss_ = 0;
  std::optional<EpochRecord> last_;
  bool pending_ = false;  // last_ has no line yet
  bool bar_ = false;      // a bar stands on the terminal
};

/// "loss 0.0312  accuracy 0.9823": four digits each.
std::string metrics_line(const Metrics& metrics);

}  // namespace chainrule::cli
