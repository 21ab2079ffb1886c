// SPDX-License-Identifier: Apache-2.0
// What people read on standard output: tables of columns, layers, metrics.
#pragma once

#include <string>
#include <string_view>

#include "chainrule/report/documents.h"
#include "chainrule/training/fit.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {

std::string table_text(const Table& table, const TableFacts& facts, const Terminal& terminal);
std::string model_text(const Model& model, const std::string& path);

/// Of the test rows, the metrics that `like` has, each with its interval where there is one.
std::string test_figures(const Metrics& like, const Estimates& test, std::string_view between);

/// "12.3 MiB"
std::string bytes_text(double bytes);

// The columns of a table as people read them.

/// A line for each column: number, name, type, missing and different values, values, and what training does. On a
/// terminal that is too narrow for it, the values follow on a line of their own, and after kColumnsShown columns the
/// rest is counted; what goes into a file or a pipe has all columns, a line each.
std::string columns_text(const Table& table, const TableFacts& facts, const Terminal& terminal);
constexpr std::size_t kColumnsShown = 60;

}  // namespace chainrule::cli
