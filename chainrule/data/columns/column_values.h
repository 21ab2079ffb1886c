// SPDX-License-Identifier: Apache-2.0
// Columns whose texts stand for numbers: booleans and dates. Internal.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// The numbers of a column (from 0) of the table for an input that is not a category: those of the column itself, or,
/// for booleans and dates, the values of its texts in `storage`, NaN for an unknown word. Throws Error (input) at the
/// first field without such a value.
const Column& numbers_for(const InputColumn& input, const Table& table, std::size_t index, Column& storage);

/// Throws Error (input) at the first field of the column that is not a date of this form.
void require_dates(const Table& table, std::size_t index, DateForm form, const std::string& hint);

/// Throws Error (input) if there are several forms: it shows what each makes of a field, and the options that choose.
void require_one_form(const Table& table, std::size_t index, const std::vector<DateForm>& forms);

/// The cycles of a column that vary over these rows; numbers: NaN where a date is missing.
std::vector<Cycle> varying_cycles(DateForm form, std::span<const double> numbers, std::span<const std::size_t> rows);
/// Sine and cosine of each cycle, starting at inputs[0]; 0 if x is NaN.
void encode_cycles(std::span<const Cycle> cycles, double x, std::span<float> inputs);
/// "bought (day of week, sin)", "bought (day of week, cos)" ...
std::vector<std::string> cycle_names(const InputColumn& input);

/// A number of the column in the user's notation: a date as a date.
std::string value_text(const InputColumn& input, double x);

}  // namespace chainrule
