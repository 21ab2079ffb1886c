// SPDX-License-Identifier: Apache-2.0
// The columns of a table as people read them.
#pragma once

#include <string>

#include "cli/documents.h"
#include "cli/terminal.h"

namespace chainrule::cli {

/// A line for each column: number, name, type, missing and different values, values, and what training does. On a
/// terminal that is too narrow for it, the values follow on a line of their own, and after kColumnsShown columns the
/// rest is counted; what goes into a file or a pipe has all columns, a line each.
std::string columns_text(const Table& table, const TableFacts& facts, const Terminal& terminal);
constexpr std::size_t kColumnsShown = 60;

}  // namespace chainrule::cli
