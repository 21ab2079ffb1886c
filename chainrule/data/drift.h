// SPDX-License-Identifier: Apache-2.0
// Drift: rows that differ from the training rows, whose predictions may be unreliable.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Drift of this table: missing numbers in columns without gaps in training, numbers outside the training range, unseen
/// categories. One warning for each of the first, and one with the number of further ones. None for numbers a little
/// outside the range in few of many rows (at least 20; up to 3 or one in 100; up to half of the range): new rows of
/// the same kind have such, too. Throws as encode().
std::vector<Note> drift_notes(const Encoder& encoder, const Table& table);
/// The same for each row: "" without drift, else "age above the training range; color is new; income is missing".
std::vector<std::string> row_warnings(const Encoder& encoder, const Table& table);

}  // namespace chainrule
#pragma GCC visibility pop
