// SPDX-License-Identifier: Apache-2.0
// Reads the golden vectors in tests/vectors/golden: small networks in double from an independent automatic
// differentiation.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chainrule/engine/reference/reference.h"

namespace chainrule::testing {

struct Golden {
  std::string name;
  Architecture architecture;
  ReferenceParameters start;
  Loss loss;
  Optimizer optimizer;
  double learning_rate = 0, weight_decay = 0;
  ReferenceBatch batch;
  nlohmann::json json;  // the expected numbers
};

inline MatrixOf<double> matrix_of(const nlohmann::json& rows) {
  MatrixOf<double> matrix(rows.size(), rows.empty() ? 0 : rows[0].size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < matrix.columns(); ++j) matrix(i, j) = rows[i][j].get<double>();
  return matrix;
}

inline ReferenceParameters parameters_of(const nlohmann::json& weights, const nlohmann::json& biases) {
  ReferenceParameters parameters;
  for (const auto& w : weights) parameters.weights.push_back(matrix_of(w));
  for (const auto& b : biases) parameters.biases.push_back(b.get<std::vector<double>>());
  return parameters;
}

inline Optimizer optimizer_of(const nlohmann::json& json) {
  Optimizer optimizer = optimizer_from_name(json["kind"].get<std::string>());
  if (auto* o = std::get_if<Momentum>(&optimizer)) o->momentum = json["momentum"];
  if (auto* o = std::get_if<Nesterov>(&optimizer)) o->momentum = json["momentum"];
  if (auto* o = std::get_if<Adagrad>(&optimizer)) o->epsilon = json["epsilon"];
  if (auto* o = std::get_if<RmsProp>(&optimizer)) *o = {json["rho"], json["epsilon"]};
  if (auto* o = std::get_if<Adam>(&optimizer)) *o = {json["beta1"], json["beta2"], json["epsilon"]};
  if (auto* o = std::get_if<AdamW>(&optimizer)) *o = {json["beta1"], json["beta2"], json["epsilon"]};
  return optimizer;
}

inline Golden read_golden(const std::filesystem::path& path) {
  Golden golden;
  std::ifstream file(path);
  golden.json = nlohmann::json::parse(file);
  const nlohmann::json& json = golden.json;
  golden.name = json["name"];
  golden.architecture.inputs = json["sizes"][0];
  const nlohmann::json& optimizer = json["optimizer"];
  for (std::size_t l = 0; l + 1 < json["sizes"].size(); ++l) {
    Layer layer;
    layer.outputs = json["sizes"][l + 1];
    layer.activation = activation_from_name(json["activations"][l].get<std::string>());
    if (optimizer.contains("weight_multipliers")) layer.weight_multiplier = optimizer["weight_multipliers"][l];
    if (optimizer.contains("bias_multipliers")) layer.bias_multiplier = optimizer["bias_multipliers"][l];
    golden.architecture.layers.push_back(layer);
  }
  golden.start = parameters_of(json["weights"], json["biases"]);
  golden.loss = loss_from_name(json["loss_function"].get<std::string>());
  golden.optimizer = optimizer_of(optimizer);
  golden.learning_rate = optimizer["learning_rate"];
  golden.weight_decay = json["weight_decay"];
  golden.batch = {matrix_of(json["inputs"]), matrix_of(json["targets"]), {}};
  return golden;
}

inline std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(CHAINRULE_SOURCE_DIR "/tests/vectors/golden"))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace chainrule::testing
