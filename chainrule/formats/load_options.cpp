// SPDX-License-Identifier: Apache-2.0
// How the table of a training was read, taken from its model, and what that means for another table.
#include <optional>

#include "chainrule/formats/loaders.h"
#include "chainrule/model.h"
#include "chainrule/options.h"

namespace chainrule::formats {
namespace {

// A column of the training data: its name, and its number from 1.
struct Known {
  std::string name;
  std::size_t place = 0;
};

std::vector<Known> known_columns(const Encoder& encoder) {
  std::vector<Known> known;
  for (std::size_t j = 0; j < encoder.inputs.size() && j < encoder.input_places.size(); ++j)
    known.push_back({encoder.inputs[j].name, encoder.input_places[j]});
  known.push_back({encoder.target, encoder.target_place});
  if (encoder.weight_place > 0) known.push_back({encoder.weight, encoder.weight_place});
  return known;
}

// As find_column() would have found it in the training data.
std::optional<Known> find_known(const std::vector<Known>& known, const std::string& name_or_number) {
  for (const Known& column : known)
    if (column.name == name_or_number) return column;
  for (const Known& column : known)
    if (std::to_string(column.place) == name_or_number) return column;
  return std::nullopt;
}

std::optional<std::size_t> index_in(const Table& head, const Encoder& encoder, const Known& column) {
  if (encoder.match_by_name && head.names_from_header) {
    for (std::size_t c = 0; c < head.columns.size(); ++c)
      if (head.columns[c].name == column.name) return c;
    return std::nullopt;
  }
  const bool without_target = head.columns.size() + 1 == encoder.training_columns;
  if (without_target && column.place == encoder.target_place) return std::nullopt;
  return column.place - (without_target && column.place > encoder.target_place ? 2 : 1);
}

}  // namespace

std::vector<bool> numeric_columns(const Table& head, const LoadOptions& options) {
  std::vector<bool> numeric(head.columns.size(), false);
  const auto all = options.trained == nullptr ? std::vector<Known>() : known_columns(*options.trained);
  for (const std::string& name : options.numeric) {
    if (options.trained == nullptr) {
      numeric[find_column(head, name, "numeric")] = true;
      continue;
    }
    const std::optional<Known> known = find_known(all, name);
    const auto index = known ? index_in(head, *options.trained, *known) : std::nullopt;
    if (index && *index < numeric.size()) numeric[*index] = true;
  }
  return numeric;
}

LoadOptions load_options_for(const Model& model) {
  LoadOptions options;
  options.trained = &model.encoder;
  for (const auto& [key, value] : model.provenance.configuration) {
    if (key == "missing") options.missing = split_list(value);
    if (key == "numeric") options.numeric = split_list(value);
    if (key == "decimal_comma") options.decimal_comma = value == "true";
  }
  return options;
}

}  // namespace chainrule::formats
