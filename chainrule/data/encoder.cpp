// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/encoder.h"

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/encoding.h"

namespace chainrule {
namespace {

Features image_features(const Table& table) {
  const std::size_t pixels = checked_product(table.images.height, table.images.width, "image");
  return {table.images.bytes, table.rows, pixels, 1.0f / 255};
}

Targets encode_targets(const Encoder& encoder, const Table& table, std::size_t target) {
  Targets targets;
  if (encoder.task == Task::classes) {
    targets.classes = encoder.labels.size();
    targets.labels = encode_labels(encoder, table);
    return targets;
  }
  require_target(table, target);
  require_numbers(table, target, "");
  targets.scale = encoder.target_scale;
  targets.shift = encoder.target_shift;
  targets.minimum = (encoder.min_prediction - encoder.target_shift) / encoder.target_scale;
  targets.maximum = (encoder.max_prediction - encoder.target_shift) / encoder.target_scale;
  targets.values = Matrix(table.rows, 1);
  for (std::size_t row = 0; row < table.rows; ++row)
    targets.values(row, 0) =
        as_float((table.columns[target].numbers[row] - encoder.target_shift) / encoder.target_scale);
  return targets;
}

}  // namespace

Dataset encode(const Encoder& encoder, const Table& table, bool with_target) {
  validate(table);
  const EncodedColumns columns = find_encoded_columns(encoder, table, with_target);
  Dataset data;
  data.inputs = encoder.images() ? image_features(table) : encode_inputs(encoder, table, columns.inputs);
  if (!with_target) return data;
  data.targets = encode_targets(encoder, table, columns.target);
  if (!encoder.weight.empty()) {
    require_weights(table, columns.weight);
    for (const double weight : table.columns[columns.weight].numbers)
      data.weights.push_back(static_cast<float>(weight));
  }
  if (encoder.class_weights.empty()) return data;
  for (std::size_t row = 0; row < table.rows; ++row) {
    const double weight = data.weights.empty() ? 1 : static_cast<double>(data.weights[row]);
    data.loss_weights.push_back(as_float(weight * encoder.class_weights[data.targets.labels[row]]));
  }
  return data;
}

}  // namespace chainrule
