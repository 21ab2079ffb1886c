// SPDX-License-Identifier: Apache-2.0
// Helpers for tests that train on real tables.
#pragma once

#include <cstdlib>
#include <filesystem>

#include "chainrule/data/formats/load_table.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/training/fit.h"

namespace chainrule::testing {

inline Table load(const std::string& name) { return formats::load_table(CHAINRULE_SOURCE_DIR "/data/" + name); }

/// A file or folder of the real data outside of the project: in $CHAINRULE_DATA, else in ../shared/data.
/// Empty if it is missing; the test then skips with a message.
inline std::filesystem::path shared_data(const std::string& name) {
  const char* given = std::getenv("CHAINRULE_DATA");
  const std::filesystem::path folder = given != nullptr ? given : CHAINRULE_SOURCE_DIR "/../shared/data";
  return std::filesystem::exists(folder / name) ? folder / name : std::filesystem::path();
}

/// Some rows of a table.
inline Table rows_of(const Table& table, std::span<const std::size_t> rows) {
  Table part = table;
  part.rows = rows.size();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    part.columns[c].numbers.clear();
    part.columns[c].codes.clear();
    for (const std::size_t row : rows) {
      if (!table.columns[c].numbers.empty()) part.columns[c].numbers.push_back(table.columns[c].numbers[row]);
      if (!table.columns[c].codes.empty()) part.columns[c].codes.push_back(table.columns[c].codes[row]);
    }
  }
  return part;
}

/// Metrics of a model on a new table.
inline Metrics metrics_on(const Model& model, const Table& table) {
  const Dataset data = encode(model.encoder, table, true);
  return evaluate(model.network, model.loss, all_rows(data));
}

inline double metric(const Metrics& metrics, std::string_view name) { return find_metric(metrics, name)->value; }

}  // namespace chainrule::testing
