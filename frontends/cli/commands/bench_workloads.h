// SPDX-License-Identifier: Apache-2.0
// The workloads of `chainrule bench`: networks that train or predict, and how their time is measured.
#pragma once

#include <string>
#include <vector>

#include "chainrule/training/train.h"

namespace chainrule::cli {

/// A network that trains (T...: samples per second) or predicts (I...: microseconds per call of `batch` rows).
struct Workload {
  std::string name, about;
  std::vector<std::size_t> sizes;  ///< inputs, hidden layers, outputs
  ActivationKind activation;       ///< of the hidden layers
  ActivationKind output;
  LossKind loss;
  Optimizer optimizer;
  std::size_t batch;
  bool training() const { return name[0] == 'T'; }
};
const std::vector<Workload>& workloads();

struct Measurement {
  double samples_per_second = 0;    ///< median of the repeats
  double microseconds = 0;          ///< per step or call
  double gflops = 0;                ///< of the matrix products
  double slowest = 0, fastest = 0;  ///< samples per second of the repeats
};
/// Five repeats of at least `seconds` each, after a warm-up. `images`: MNIST's training rows for the workloads with 784
/// inputs; nullptr = synthetic images.
Measurement measure(const Workload& workload, std::size_t threads, double seconds, const Dataset* images);

}  // namespace chainrule::cli
