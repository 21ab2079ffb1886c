// SPDX-License-Identifier: Apache-2.0
// Numbers written otherwise than -1234.5: with a decimal comma, with groups of thousands, with a percent sign or a
// currency. A column has one notation, found from all of its texts. Internal to data/.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/table.h"

namespace chainrule::formats {

/// That of all numbers of a table, as far as the options say it.
NumberNotation notation_of(const LoadOptions& options);

/// The number in `text` by this notation; nullopt if it is written in another way. Groups have three digits, or two
/// before the last three (1,23,456). A percent sign must be there, a currency may be missing.
std::optional<double> number_in(std::string_view text, const NumberNotation& notation);

/// The same for a spelling of a column, where a number may have lost zeros at its end ("1.500" is spelled "1.5"): where
/// points stand between thousands, 1.5 means 1500.
std::optional<double> number_of_spelling(std::string_view text, const NumberNotation& notation);

/// The notations that read all spellings but "", one for each different reading: none if these are other texts, one if
/// the reading is certain.
std::vector<NumberNotation> notations_of(std::span<const std::string> spellings, const LoadOptions& options);

/// Whether some notation reads `text`.
bool looks_like_number(std::string_view text);

}  // namespace chainrule::formats
