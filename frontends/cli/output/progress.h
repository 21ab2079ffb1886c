// SPDX-License-Identifier: Apache-2.0
// News of a training on standard error: a bar on a terminal, else lines, at most about one per second.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/training/history.h"
#include "chainrule/training/train.h"
#include "cli/output/terminal.h"

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

/// How far several trainings are, as a bar on a terminal. Called by one thread at a time.
class TrainingsProgress {
 public:
  /// `epochs`: of each, at most.
  TrainingsProgress(const Terminal& terminal, std::size_t trainings, std::size_t epochs);
  ~TrainingsProgress();
  TrainingsProgress(const TrainingsProgress&) = delete;
  TrainingsProgress& operator=(const TrainingsProgress&) = delete;

  void on_epoch(std::size_t training, const EpochRecord& record);  ///< trainings from 0
  void end(std::size_t training);
  /// Takes the bar away, so that a line can be written.
  void clear();
  double seconds() const;  ///< since the start

 private:
  using Clock = std::chrono::steady_clock;
  void draw();

  Terminal terminal_;
  std::vector<double> done_;  // share of each training
  std::size_t epochs_, ended_ = 0;
  Clock::time_point start_, shown_;
  bool bar_ = false;
};

/// "loss 0.0312  accuracy 0.9823": four digits each.
std::string metrics_line(const Metrics& metrics);

}  // namespace chainrule::cli
