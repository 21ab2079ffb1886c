// SPDX-License-Identifier: Apache-2.0
// Dates and times as text and as numbers: seconds since 1970-01-01T00:00:00 UTC in the proleptic Gregorian calendar.
// Internal.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// In the order of DateForm.
inline constexpr std::array<std::string_view, 6> kDateForms{"plain",   "day_first", "month_first",
                                                            "compact", "time",      "year_first"};
/// "a date such as 2024-01-31"
std::string_view example_of(DateForm form);

/// The form in which day, month and year stand in this order.
DateForm form_of(DateOrder order);

/// Seconds of a text, in the years 1 to 9999; nullopt if it is not such a date. A time may follow after T, a comma or
/// blanks: 12:30, 12:30:05.25, 12:30 PM, and then Z or an offset such as +01:00, which is subtracted.
std::optional<double> seconds_of(std::string_view text, DateForm form);
/// Seconds of the number 20240131.
std::optional<double> seconds_of_compact(double number);
/// "2024-01-31", "2024-01-31T12:30:05" or, of form time, "12:30:05"; clamped to the years 1 to 9999.
std::string date_text(double seconds, DateForm form);

/// In the order of Cycle.
inline constexpr std::array<std::string_view, 3> kCycleNames{"time of day", "day of week", "day of year"};
/// Elapsed fraction of the cycle, in [0, 1): of the day, of the week since Monday (in whole days), of the year (in
/// whole days). `seconds` is clamped to the years 1 to 9999.
double phase_of(Cycle cycle, double seconds);

}  // namespace chainrule
