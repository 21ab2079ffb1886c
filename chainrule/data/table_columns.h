// SPDX-License-Identifier: Apache-2.0
// Finds columns of a table, as find_column() does. Internal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/table.h"

namespace chainrule {

/// Whether the text of the column's fields was kept.
bool has_codes(const Table& table, const Column& column);

/// Index of the column with this name or, failing that, with this number (from 1).
std::optional<std::size_t> try_find_column(const Table& table, std::string_view name_or_number);
/// find_column() of many names, in time proportional to names plus columns, not to their product.
std::vector<std::size_t> find_columns(const Table& table, const std::vector<std::string>& names,
                                      std::string_view option);

}  // namespace chainrule
