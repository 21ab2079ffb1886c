// SPDX-License-Identifier: Apache-2.0
// What people read on standard output: tables of columns, layers, metrics.
#pragma once

#include <string>

#include "chainrule/fit.h"
#include "cli/documents.h"
#include "cli/terminal.h"

namespace chainrule::cli {

std::string table_text(const Table& table, const TableFacts& facts, const Terminal& terminal);
std::string model_text(const Model& model, const std::string& path);

/// "12.3 MiB"
std::string bytes_text(double bytes);

}  // namespace chainrule::cli
