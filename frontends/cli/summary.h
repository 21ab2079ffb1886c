// SPDX-License-Identifier: Apache-2.0
// What people read on standard output: tables of columns, layers, metrics.
#pragma once

#include <string>
#include <string_view>

#include "chainrule/fit.h"
#include "cli/documents.h"
#include "cli/terminal.h"

namespace chainrule::cli {

std::string table_text(const Table& table, const TableFacts& facts, const Terminal& terminal);
std::string model_text(const Model& model, const std::string& path);

/// Of the test rows, the metrics that `like` has, each with its interval where there is one.
std::string test_figures(const Metrics& like, const Estimates& test, std::string_view between);

/// "12.3 MiB"
std::string bytes_text(double bytes);

}  // namespace chainrule::cli
