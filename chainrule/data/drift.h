// SPDX-License-Identifier: Apache-2.0
// Rows that are not as those that trained: what a user of the answers should know before believing them.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// What is unlike the training rows in this table: numbers missing where none was or outside the range of those that
/// trained, categories that are new. A warning each for the first of them, and one that counts the rest. Throws as
/// encode().
std::vector<Note> unlike_training(const Encoder& encoder, const Table& table);
/// The same for each row on its own: "" where all is well, else "age above the trained range; color is new; income is
/// missing".
std::vector<std::string> row_warnings(const Encoder& encoder, const Table& table);

}  // namespace chainrule
#pragma GCC visibility pop
