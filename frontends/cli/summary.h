// SPDX-License-Identifier: Apache-2.0
// What people read on standard output: tables of columns, layers, metrics.
#pragma once

#include <optional>
#include <string>

#include "chainrule/fit.h"
#include "cli/documents.h"

namespace chainrule::cli {

struct NumberSummary {
  double smallest = 0, largest = 0, mean = 0;
};
/// Over the fields that are there; nullopt for text and where all are missing.
std::optional<NumberSummary> summarise(const Column& column);

std::string table_text(const Table& table, const TableFacts& facts);
std::string model_text(const Model& model, const std::string& path);

/// "12.3 MiB"
std::string bytes_text(double bytes);

}  // namespace chainrule::cli
