// SPDX-License-Identifier: Apache-2.0
// Small handmade models, with every member set, for the tests of model files and of prediction.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "chainrule/model/model.h"

namespace chainrule::model_samples {

inline void fill(Network& network) {
  std::vector<float> values(parameter_count(network.architecture));
  for (std::size_t k = 0; k < values.size(); ++k)
    values[k] = static_cast<float>(static_cast<int>(k * 37 % 41) - 20) / 16.0f + static_cast<float>(k) * 1e-7f;
  set_rows(network.parameters, values);
}

/// 3 numbers -> 4 tanh -> 2 classes.
inline Model classes_model() {
  Model model;
  Layer hidden{4, ActivationKind::tanh, 0.25, 0.5, 2, 0.125, 3.5};
  model.network = Network(Architecture{3, 0.1, {hidden, Layer{2, ActivationKind::identity}}});
  fill(model.network);
  model.loss = LossKind::softmax_cross_entropy;
  model.loss.label_smoothing = 0.05;
  Encoder& encoder = model.encoder;
  encoder.match_by_name = true;
  encoder.inputs = {{"length, \"cm\"", 5.1, 0.30000000000000004, false},
                    {"gr\xC3\xB6\xC3\x9F", -0.0, 1e-17, false},
                    {"same", 14.62, 1, true}};
  encoder.target = "species";
  encoder.target_column = 2;
  encoder.weight = "w";
  encoder.weight_column = 5;
  encoder.training_columns = 5;
  encoder.input_columns = {1, 3, 4};
  encoder.labels = {"yes\n", "no\x01"};
  encoder.class_weights = {0.30000000000000004, 5};
  model.threshold = 0.31;
  Provenance& provenance = model.provenance;
  provenance = {"chainrule 0.1.0",
                {{"hidden", "4"}, {"activation", "tanh"}},
                18446744073709551615U,
                "00ff",
                "early_stopping",
                12,
                7,
                9007199254740993U,
                {{"loss", 0.1}, {"accuracy", 1}},
                {{"loss", 0.25}}};
  provenance.test.rows = 20;
  provenance.test.metrics = {{"accuracy", 0.9, 0.8, 0.95, 0.5}};
  return model;
}

/// 2 numbers -> 1 number, with a scaled target.
inline Model number_model() {
  Model model;
  model.network = Network(Architecture{2, 0, {Layer{3, ActivationKind::relu}, Layer{1, ActivationKind::identity}}});
  fill(model.network);
  model.loss.kind = LossKind::huber;
  model.loss.huber_delta = 1.5;
  Encoder& encoder = model.encoder;
  encoder.inputs = {{"column 1", 2, 4}, {"column 2", -1, 0.5}};
  encoder.task = Task::number;
  encoder.target = "column 3";
  encoder.target_column = 3;
  encoder.training_columns = 3;
  encoder.input_columns = {1, 2};
  encoder.target_shift = 100;
  encoder.target_scale = 10;
  encoder.min_prediction = -1e6;
  model.provenance.program = "chainrule 0.1.0";
  return model;
}

/// 2 x 3 pixels -> 3 classes by sigmoids.
inline Model image_model() {
  Model model;
  model.network = Network(Architecture{6, 0, {Layer{3, ActivationKind::sigmoid}}});
  fill(model.network);
  Encoder& encoder = model.encoder;
  encoder.image_height = 2;
  encoder.image_width = 3;
  encoder.target = "label";
  encoder.target_column = encoder.training_columns = 1;
  encoder.labels = {"0", "1", "2"};
  return model;
}

/// A number that may be missing and a category of 2 values -> 1 number.
inline Model mixed_model() {
  Model model = number_model();
  model.network = Network(Architecture{5, 0, {Layer{3, ActivationKind::relu}, Layer{1, ActivationKind::identity}}});
  fill(model.network);
  InputColumn& number = model.encoder.inputs[0];
  number.fill = 2.5;
  number.may_miss = true;
  number.minimum = -1e300;
  number.maximum = 0.30000000000000004;
  InputColumn& category = model.encoder.inputs[1];
  category = InputColumn{"column 2"};
  category.categorical = true;
  category.categories = {"", "r\xC3\xB6t, \"dark\""};
  return model;
}

/// A date that may be missing, with two cycles, and a boolean -> 1 number.
inline Model dated_model() {
  Model model = number_model();
  model.network = Network(Architecture{7, 0, {Layer{3, ActivationKind::relu}, Layer{1, ActivationKind::identity}}});
  fill(model.network);
  InputColumn& date = model.encoder.inputs[0];
  date.may_miss = true;
  date.date = DateForm::day_first;
  date.cycles = {Cycle::time_of_day, Cycle::day_of_year};
  model.encoder.inputs[1].boolean = true;
  return model;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace chainrule::model_samples
