// SPDX-License-Identifier: Apache-2.0
// Dates and times, compared with day counts of other programs (GNU date -u -d TEXT +%s; for the last, cal).
#include "chainrule/data/columns/dates.h"

#include <gtest/gtest.h>

#include <limits>

namespace chainrule::dates_test {
namespace {

using enum DateForm;

TEST(Dates, ReadsFormatsOfIso8601) {
  EXPECT_EQ(seconds_of("1970-01-01", plain), 0);
  EXPECT_EQ(seconds_of("2024-01-31", plain), 1706659200);
  EXPECT_EQ(seconds_of("2024-02", plain), seconds_of("2024-02-01", plain));
  EXPECT_EQ(seconds_of("2024-01-31T12:30:00Z", plain), 1706704200);
  EXPECT_EQ(seconds_of("2024-01-31 12:30", plain), 1706704200);
  EXPECT_EQ(seconds_of("2024-01-31t12:30:00.25", plain), 1706704200.25);
  EXPECT_EQ(seconds_of("2024-01-31T12:30:00,5Z", plain), 1706704200.5);
  EXPECT_EQ(seconds_of("2024-01-31T12:30:00+01:00", plain), 1706704200 - 3600);
  EXPECT_EQ(seconds_of("2024-01-31T12:30:00-0130", plain), 1706704200 + 5400);
  EXPECT_EQ(seconds_of("2024-01-31T12:30+02", plain), 1706704200 - 7200);
  EXPECT_EQ(seconds_of("2024-01-31 12:30:00 UTC", plain), 1706704200);
  EXPECT_EQ(seconds_of("2024-01-31T24:00", plain), seconds_of("2024-02-01", plain));
  EXPECT_EQ(seconds_of("2016-12-31T23:59:60Z", plain), seconds_of("2017-01-01", plain));
  EXPECT_EQ(seconds_of("1969-12-31T23:59:59.5", plain), -0.5);
}

TEST(Dates, ReadsOtherSpellings) {
  const std::optional<double> day = 1706659200;
  for (const DateForm form : {plain, day_first, month_first})
    for (const char* const text :
         {"2024-01-31", "2024/01/31", "2024/1/31", "2024.01.31", "31.01.2024", "31.1.2024", "31 Jan 2024",
          "31-jan-2024", "31 January 2024", "Jan 31, 2024", "JANUARY 31 2024", "Jan. 31, 2024", "Jan 31,2024"})
      EXPECT_EQ(seconds_of(text, form), day) << text;
  EXPECT_EQ(seconds_of("31/01/2024", day_first), day);
  EXPECT_EQ(seconds_of("31-1-2024", day_first), day);
  EXPECT_EQ(seconds_of("01/31/2024", month_first), day);
  EXPECT_EQ(seconds_of("01/31/2024, 12:30 PM", month_first), 1706704200);
  EXPECT_EQ(seconds_of("1/31/2024 12:05am", month_first), *day + 300);
  EXPECT_EQ(seconds_of("20240131", compact), day);
  EXPECT_EQ(seconds_of_compact(20240131), day);
  EXPECT_EQ(seconds_of("02/03/2024", day_first), seconds_of("2024-03-02", plain));
  EXPECT_EQ(seconds_of("02/03/2024", month_first), seconds_of("2024-02-03", plain));
  EXPECT_EQ(seconds_of("12:30", time), 45000);
  EXPECT_EQ(seconds_of("7:05:09.5", time), 25509.5);
  EXPECT_EQ(seconds_of("11:59 PM", time), 86340);
}

TEST(Dates, RefusesTextThatIsNotADate) {
  for (const char* const text : {"",
                                 "2024",
                                 "2024-02-30",
                                 "2023-02-29",
                                 "1900-02-29",
                                 "2024-13-01",
                                 "2024-00-10",
                                 "2024-01-00",
                                 "2024-01/31",
                                 "24-01-31",
                                 "2024-01-31T",
                                 "2024-01-31 ",
                                 "2024-01-3112:30",
                                 "2024-01-31T25:00",
                                 "2024-01-31T12:60",
                                 "2024-01-31T12:30:60",
                                 "2024-01-31T24:01",
                                 "2024-01-31T12:30:00+1",
                                 "2024-01-31T12:30Zx",
                                 "2024-01-31T12:30:00.",
                                 "2024-01-31 13:00 PM",
                                 "0000-01-01",
                                 "0001-01-01T00:00+01:00",
                                 "31 Jam 2024",
                                 "31 Ja 2024",
                                 "Jan 31",
                                 "Jan 32, 2024",
                                 "January",
                                 "31 01 2024",
                                 "12:30",
                                 "01/31/2024",
                                 "a",
                                 "2024-001-31",
                                 "2024-13",
                                 "2024-1",
                                 "2009/10",
                                 "2024.10",
                                 "2024-10 12:30"})
    EXPECT_EQ(seconds_of(text, plain), std::nullopt) << text;
  EXPECT_EQ(seconds_of("31/01/2024", month_first), std::nullopt);
  EXPECT_EQ(seconds_of("01/31/2024", day_first), std::nullopt);
  for (const char* const text : {"24:00", "12:60", "1230", "12", "12:30Z", "2024-01-31", ""})
    EXPECT_EQ(seconds_of(text, time), std::nullopt) << text;
  for (const char* const text : {"2024013", "20240230", "2024-01-31", "202401311"})
    EXPECT_EQ(seconds_of(text, compact), std::nullopt) << text;
  for (const double number : {20240230.0, 20240131.5, -20240131.0, 1e300, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_EQ(seconds_of_compact(number), std::nullopt) << number;
}

TEST(Dates, KnowsTheCalendarFrom1600To2400) {
  EXPECT_EQ(seconds_of("1600-01-01", plain), -11676096000);
  EXPECT_EQ(seconds_of("1600-02-29", plain), -11670998400);
  EXPECT_EQ(seconds_of("1700-03-01", plain), -8515238400);
  EXPECT_EQ(seconds_of("1900-03-01", plain), -2203891200);
  EXPECT_EQ(seconds_of("2000-02-29", plain), 951782400);
  EXPECT_EQ(seconds_of("2100-03-01", plain), 4107542400);
  EXPECT_EQ(seconds_of("2400-02-29", plain), 13574563200);
  EXPECT_EQ(seconds_of("2400-12-31", plain), 13601001600);
  EXPECT_EQ(seconds_of("0001-01-01", plain), -62135596800);
  EXPECT_EQ(seconds_of("9999-12-31T23:59:59", plain), 253402300799);
  // Every day once, and back.
  double day = *seconds_of("1600-01-01", plain);
  for (int year = 1600; year <= 2400; ++year)
    for (int month = 1; month <= 12; ++month)
      for (int d = 1; d <= 31; ++d) {
        char text[16];
        std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, d);
        const std::optional<double> read = seconds_of(text, plain);
        if (!read) continue;
        ASSERT_EQ(*read, day) << text;
        ASSERT_EQ(date_text(day, plain), text);
        day += 86400;
      }
  EXPECT_EQ(day, *seconds_of("2401-01-01", plain));
}

TEST(Dates, WritesWhatItReads) {
  EXPECT_EQ(date_text(1706704200, day_first), "2024-01-31T12:30:00");
  EXPECT_EQ(date_text(1706704200.25, plain), "2024-01-31T12:30:00.250");
  EXPECT_EQ(date_text(45000, time), "12:30:00");
  EXPECT_EQ(date_text(1e300, plain), "9999-12-31T23:59:59");
}

TEST(Dates, HaveAPhaseInEachCycle) {
  const auto phase = [](Cycle cycle, const char* text) { return phase_of(cycle, *seconds_of(text, plain)); };
  EXPECT_EQ(phase(Cycle::time_of_day, "2024-01-31"), 0);
  EXPECT_EQ(phase(Cycle::time_of_day, "1969-01-31T18:00"), 0.75);
  EXPECT_EQ(phase(Cycle::day_of_week, "2024-01-29"), 0);        // a Monday
  EXPECT_EQ(phase(Cycle::day_of_week, "1600-01-01"), 5.0 / 7);  // a Saturday
  EXPECT_EQ(phase(Cycle::day_of_week, "1969-12-28T23:00"), 6.0 / 7);
  EXPECT_EQ(phase(Cycle::day_of_year, "2023-01-01T12:00"), 0);
  EXPECT_EQ(phase(Cycle::day_of_year, "2023-12-31"), 364.0 / 365);
  EXPECT_EQ(phase(Cycle::day_of_year, "2024-03-01"), 60.0 / 366);
  for (const double wild : {1e300, -1e300, std::numeric_limits<double>::quiet_NaN()})
    for (const Cycle cycle : {Cycle::time_of_day, Cycle::day_of_week, Cycle::day_of_year}) {
      EXPECT_GE(phase_of(cycle, wild), 0);
      EXPECT_LT(phase_of(cycle, wild), 1);
    }
}

}  // namespace
}  // namespace chainrule::dates_test
