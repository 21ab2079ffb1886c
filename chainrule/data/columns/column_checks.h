// SPDX-License-Identifier: Apache-2.0
// Checks of columns before their numbers are used, and the texts of these errors. Internal to data/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/table.h"

namespace chainrule {

/// column "x"
std::string in_column(const Column& column);
/// "a", "b" and 3 more
std::string listed(const std::vector<std::string>& names);
/// 1 row, 2 rows
std::string counted(std::size_t count, std::string_view what);
/// How a user names a column: by its name if that is a plain word, else by its number.
std::string name_or_number(const Table& table, std::size_t index);

/// "file.csv:3:2": the location of a field.
std::string location_of_field(const Table& table, std::size_t row, std::size_t index);

/// Throws Error (input) if several notations read the texts of the column as different numbers; it shows two readings,
/// and the options that choose.
void require_certain(const Table& table, std::size_t index);
/// Throws Error (input) at the first field that is text, else at the first that is missing; with `hint` unless the text
/// suggests a better one.
void require_numbers(const Table& table, std::size_t index, const Message& hint);
/// Throws Error (input) at the first missing field, (internal) if neither its numbers nor its spellings were kept.
void require_target(const Table& table, std::size_t index);
/// Throws Error (input) unless all are finite numbers >= 0 and one is above 0.
void require_weights(const Table& table, std::size_t index);

}  // namespace chainrule
