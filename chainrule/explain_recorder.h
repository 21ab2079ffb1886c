// SPDX-License-Identifier: Apache-2.0
// Internal: makes the steps of an explanation.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chainrule/explain.h"
#include "chainrule/roundings.h"

namespace chainrule {

using Numbers = std::vector<double>;

inline Numbers wide(std::span<const float> values) { return {values.begin(), values.end()}; }
inline Numbers wide(std::span<const double> values) { return {values.begin(), values.end()}; }

/// "W", 1, "_after": the name of a tensor.
inline std::string tensor_name(const char* symbol, std::size_t layer, const char* more = "") {
  return std::string(symbol).append(std::to_string(layer)).append(more);
}

/// The engine and the truth, side by side, from step to step.
class Recorder {
 public:
  Recorder(const Architecture& architecture, const TruthParameters& start, const TruthBatch& batch,
           const TrainOptions& options);
  ExplainedStep step();
  /// The truth goes on from the engine's numbers as they are now.
  void restart_truth();

 private:
  std::size_t depth() const { return network_.architecture.depth(); }
  std::size_t rows() const { return batch_.inputs.rows(); }
  Batch batch() const { return {inputs_.view(), targets_.view(), share_}; }
  void add(std::string name, std::size_t rows, std::size_t columns, Numbers engine, Numbers truth, Numbers bound);
  void add_matrix(std::string name, ConstMatrixView engine, Numbers truth, Numbers bound);
  void add_parameters(const char* more);
  void add_memory(const char* more);
  void add_inputs();
  void add_forward();
  void add_link();
  void add_losses();
  void add_backward();
  void add_gradients();
  void add_full_gradients();
  void add_objective_after();
  std::vector<MatrixOf<double>> masks();

  Network network_;
  TrainOptions options_;
  TrainState state_;
  Matrix inputs_, targets_;
  std::vector<float> share_;
  TruthBatch batch_;
  TruthParameters parameters_;
  TruthOptimizer memory_;
  InputBounds in_;
  TruthOptimizer memory_bounds_;
  TruthStep truth_;
  StepBounds bounds_;
  ExplainedStep record_;
};

}  // namespace chainrule
