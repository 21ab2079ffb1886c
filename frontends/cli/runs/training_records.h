// SPDX-License-Identifier: Apache-2.0
// Collects during a training: its log, the TensorBoard events, and the layer statistics for its report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chainrule/training/train.h"
#include "cli/runs/tensorboard.h"
#include "cli/runs/training_log.h"

namespace chainrule::cli {

class TrainingRecords {
 public:
  struct Requests {
    std::string log;                      ///< path; "" = none
    std::string events;                   ///< folder for TensorBoard; "" = none
    std::string log_shown, events_shown;  ///< their names in messages
    bool overwrite = false;               ///< an existing log
    std::size_t health_every = 0;         ///< steps, of the log; 0 = never
    bool report = false;                  ///< keep some HealthRecords
    std::size_t steps_per_epoch = 1;
  };
  /// Throws Error (output) for a file that cannot be created.
  explicit TrainingRecords(const Requests& requests);

  /// The observer that also keeps records. It must not outlive this.
  Observer listen(Observer observer);
  /// Records for the report, evenly spaced over the training: of one step per epoch, or of every `health_every`-th.
  const std::vector<HealthRecord>& health() const { return health_; }
  /// Throws Error (output) if a line could not be written. The training did not stop then.
  void finish();

 private:
  void keep(const HealthRecord& record);

  Requests requests_;
  std::optional<TrainingLog> log_;
  std::optional<TensorBoardFile> board_;
  std::vector<HealthRecord> health_;
  std::size_t seen_ = 0, every_ = 1;  // every `every_`-th record is kept
};

}  // namespace chainrule::cli
