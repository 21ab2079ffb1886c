// SPDX-License-Identifier: Apache-2.0
// Progress of a training on standard error: a bar on a terminal, else lines, at most about one per second.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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

  /// The observer must not outlive this object; `should_stop` is passed on.
  Observer observer(std::function<bool()> should_stop);
  /// Removes the bar, or writes the line of the last epoch.
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
  std::string monitored_;  // metric
  double plateau_factor_;
  Clock::time_point start_, shown_;  // shown_: when the last line or bar was written
  double step_loss_ = 0;
  std::optional<EpochRecord> last_;
  bool pending_ = false;  // last_ has no line yet
  bool bar_ = false;      // the terminal shows a bar
};

/// Progress of several trainings, as a bar on a terminal. Called by one thread at a time.
class TrainingsProgress {
 public:
  /// `epochs`: maximum of each training.
  TrainingsProgress(const Terminal& terminal, std::size_t trainings, std::size_t epochs);
  ~TrainingsProgress();
  TrainingsProgress(const TrainingsProgress&) = delete;
  TrainingsProgress& operator=(const TrainingsProgress&) = delete;

  void on_epoch(std::size_t training, const EpochRecord& record);  ///< trainings from 0
  void end(std::size_t training);
  /// Removes the bar, so that a line can be written.
  void clear();
  double seconds() const;  ///< since the start

 private:
  using Clock = std::chrono::steady_clock;
  void draw();

  Terminal terminal_;
  std::vector<double> done_;  // fraction of each training
  std::size_t epochs_, ended_ = 0;
  Clock::time_point start_, shown_;
  bool bar_ = false;
};

/// "loss 0.0312  accuracy 0.9823": four digits each.
std::string metrics_line(const Metrics& metrics);

}  // namespace chainrule::cli
