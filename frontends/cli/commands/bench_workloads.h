// SPDX-License-Identifier: Apache-2.0
// What `chainrule bench` measures: networks, how each is trained or asked, and the clock.
#pragma once

#include <string>
#include <vector>

#include "chainrule/training/train.h"

namespace chainrule::cli {

/// A network and what is done with it. Training (T...) counts samples per second; prediction (I...) microseconds per
/// call of `batch` rows.
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
  double gflops = 0;                ///< of the products of matrices
  double slowest = 0, fastest = 0;  ///< samples per second of the repeats
};
/// Five repeats of at least `seconds` each, after one that does not count. `images`: MNIST's training rows for the
/// workloads of 784 inputs, or nullptr: made up.
Measurement measure(const Workload& workload, std::size_t threads, double seconds, const Dataset* images);

}  // namespace chainrule::cli
