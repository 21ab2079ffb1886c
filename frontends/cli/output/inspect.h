// SPDX-License-Identifier: Apache-2.0
// Tables of columns, layers and metrics on standard output.
#pragma once

#include <string>
#include <string_view>

#include "chainrule/report/documents.h"
#include "chainrule/training/fit.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {

std::string table_text(const Table& table, const TableFacts& facts, const Terminal& terminal);
std::string model_text(const Model& model, const std::string& path);

/// Why training ended, from the name in a model file: "all epochs done".
std::string stop_text(const std::string& stop);
/// The metrics of the test rows that `like` has, each with its interval if it has one.
std::string test_scores(const Metrics& like, const Estimates& test, std::string_view between);

/// "12.3 MiB"
std::string bytes_text(double bytes);

// The columns of a table, as text.

/// A line for each column: number, name, type, missing values, distinct values, values, and how training uses it. On a
/// narrow terminal the values move to their own line, and columns after kColumnsShown are only counted. A file or pipe
/// gets all columns, one line each.
std::string columns_text(const Table& table, const TableFacts& facts, const Terminal& terminal);
constexpr std::size_t kColumnsShown = 60;

}  // namespace chainrule::cli
