// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/dates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "chainrule/base/text.h"

namespace chainrule {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kFirstYear = 1, kLastYear = 9999;
constexpr std::array<int, 13> kDaysBeforeMonth{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

std::int64_t days_in(std::int64_t year, std::int64_t month) {
  const auto m = static_cast<std::size_t>(month);
  return kDaysBeforeMonth[m] - kDaysBeforeMonth[m - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Days since January 1 of year 1.
constexpr std::int64_t days_before_year(std::int64_t year) {
  const std::int64_t past = year - 1;
  return 365 * past + past / 4 - past / 100 + past / 400;
}
constexpr std::int64_t kEpoch = days_before_year(1970);
constexpr auto kFirstSecond = static_cast<double>((days_before_year(kFirstYear) - kEpoch) * kDay);
constexpr auto kLastSecond = static_cast<double>((days_before_year(kLastYear + 1) - kEpoch) * kDay - 1);

struct Day {
  std::int64_t year = 0, month = 0, day = 0;
};

// Days since 1970.
std::optional<std::int64_t> days_of(const Day& date) {
  if (date.year < kFirstYear || date.year > kLastYear || date.month < 1 || date.month > 12) return std::nullopt;
  if (date.day < 1 || date.day > days_in(date.year, date.month)) return std::nullopt;
  return days_before_year(date.year) + kDaysBeforeMonth[static_cast<std::size_t>(date.month - 1)] +
         (date.month > 2 && is_leap(date.year) ? 1 : 0) + date.day - 1 - kEpoch;
}

struct Moment {
  std::int64_t days = 0;  // since 1970
  double second = 0;      // since midnight
};
Moment moment_of(double seconds) {
  const double within = std::isnan(seconds) ? 0 : std::clamp(seconds, kFirstSecond, kLastSecond);
  const double days = std::floor(within / static_cast<double>(kDay));
  return {static_cast<std::int64_t>(days), within - days * static_cast<double>(kDay)};
}

// A year, and days since its first day.
std::pair<std::int64_t, std::int64_t> year_of(std::int64_t days) {
  const std::int64_t since_year_1 = days + kEpoch;
  std::int64_t year = since_year_1 * 400 / days_before_year(401) + 1;
  while (days_before_year(year) > since_year_1) --year;
  while (days_before_year(year + 1) <= since_year_1) ++year;
  return {year, since_year_1 - days_before_year(year)};
}

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// The unread part of a text. Each function removes what it reads, or returns false and leaves the text unchanged.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool at_end() const { return rest_.empty(); }
  char next() const { return rest_.empty() ? '\0' : rest_[0]; }
  std::size_t digits() const {
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    return count;
  }
  bool number(std::size_t minimum, std::size_t maximum, std::int64_t& value) {
    const std::size_t count = digits();
    if (count < minimum || count > maximum) return false;
    value = 0;
    for (std::size_t k = 0; k < count; ++k) value = 10 * value + (rest_[k] - '0');
    rest_.remove_prefix(count);
    return true;
  }
  bool character(char c) {
    if (next() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool blanks() {
    const bool any = next() == ' ';
    while (next() == ' ') rest_.remove_prefix(1);
    return any;
  }
  // Upper or lower case.
  bool word(std::string_view expected) {
    if (rest_.size() < expected.size()) return false;
    for (std::size_t k = 0; k < expected.size(); ++k)
      if (lower(rest_[k]) != expected[k]) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool month(std::int64_t& value) {
    std::size_t count = 0;
    while (count < rest_.size() && is_letter(rest_[count])) ++count;
    for (std::size_t m = 0; m < kMonths.size(); ++m) {
      const std::string_view full = kMonths[m];
      if ((count != 3 && count != full.size()) || !word(full.substr(0, count))) continue;
      value = static_cast<std::int64_t>(m) + 1;
      return true;
    }
    return false;
  }
  bool fraction(double& value) {
    const std::size_t count = digits();
    if (count == 0) return false;
    double digits_read = 0, unit = 1;
    for (std::size_t k = 0; k < std::min<std::size_t>(count, 15); ++k) {
      digits_read = 10 * digits_read + (rest_[k] - '0');
      unit *= 10;
    }
    rest_.remove_prefix(count);
    value = digits_read / unit;
    return true;
  }

 private:
  std::string_view rest_;
};

// Four digits, or the last two of 1969 to 2068.
bool read_year(Reader& text, std::int64_t& year) {
  if (text.digits() != 2) return text.number(4, 4, year);
  text.number(2, 2, year);
  year += year < 69 ? 2000 : 1900;
  return true;
}

bool is_between(char c) { return c == '-' || c == '/' || c == '.'; }

// "Q3", read as the first month of the quarter.
bool read_quarter(Reader& text, std::int64_t& month) {
  const bool named = text.word("q");
  const char digit = text.next();
  if (!named || digit < '1' || digit > '4') return false;
  month = 3 * (digit - '0') - 2;
  return text.character(digit);
}

// What follows "2024" in "2024 Q3", "2024-Q3", "2024Q3", "2024 Jan" and "2024-Jan".
bool read_part_of_year(Reader& text, Day& date) {
  const bool apart = text.blanks() || text.character('-');
  date.day = 1;
  return (is_letter(text.next()) && (read_quarter(text, date.month) || (apart && text.month(date.month)))) &&
         text.at_end();
}

// "2024-01-31", "2024-01", "2024 Q3", "2024 Jan", and "24-01-31" of form year_first.
bool read_year_first(Reader& text, Day& date) {
  const bool whole = text.digits() == 4;
  if (!read_year(text, date.year)) return false;
  if (Reader copy = text; whole && read_part_of_year(copy, date)) {
    text = copy;
    return true;
  }
  const char between = text.next();
  if (!is_between(between) || !text.character(between)) return false;
  const bool two_digits = text.digits() == 2;
  if (!text.number(1, 2, date.month)) return false;
  if (between == '-' && two_digits && text.at_end()) {  // a month; 2009/10 may be a season
    date.day = 1;
    return true;
  }
  return text.character(between) && text.number(1, 2, date.day);
}

bool read_separated(Reader& text, DateForm form, Day& date) {
  if (text.digits() == 4) return read_year_first(text, date);
  if (Reader copy = text; form == DateForm::year_first && read_year_first(copy, date)) {
    text = copy;
    return true;
  }
  const std::size_t digits = text.digits();
  std::int64_t first = 0, second = 0;
  if (!text.number(1, 2, first)) return false;
  const char between = text.next();
  if (between == ' ' ? !text.blanks() : !is_between(between) || !text.character(between)) return false;
  if (is_letter(text.next())) {
    date.day = first;
    return text.month(date.month) && (between == ' ' ? text.blanks() : text.character(between)) &&
           read_year(text, date.year);
  }
  const bool all_have_two = digits == 2 && text.digits() == 2;
  const bool decided = between == '.' || form == DateForm::day_first || form == DateForm::month_first;
  if (between == ' ' || !decided || !text.number(1, 2, second) || !text.character(between)) return false;
  const bool day_first = between == '.' || form != DateForm::month_first;
  date.day = day_first ? first : second;
  date.month = day_first ? second : first;
  // 1-2-10 and 1.2.10 are more likely a score and a version.
  if (text.digits() == 2 && between != '/' && !all_have_two) return false;
  return read_year(text, date.year);
}

// "2024" at the end of "Q3 2024", "Q3-2024", "Q32024", "Jan 2024" and "Jan-2024".
bool read_year_at_end(Reader& text, Day& date) {
  if (!text.blanks()) text.character('-');
  date.day = 1;
  return text.number(4, 4, date.year) && text.at_end();
}

// "Jan 31, 2024", "Jan 2024", "Q3 2024"
bool read_month_first(Reader& text, Day& date) {
  if (lower(text.next()) == 'q') return read_quarter(text, date.month) && read_year_at_end(text, date);
  if (!text.month(date.month)) return false;
  if (Reader copy = text; (text.next() == ' ' || text.next() == '-') && read_year_at_end(copy, date)) {
    text = copy;
    return true;
  }
  text.character('.');
  if (!text.blanks() || !text.number(1, 2, date.day)) return false;
  const bool comma = text.character(',');
  return (text.blanks() || comma) && text.number(4, 4, date.year);
}

// "12:30:05.25 PM", in seconds.
bool read_clock(Reader& text, double& seconds) {
  std::int64_t hour = 0, minute = 0, second = 0;
  double fraction = 0;
  if (!text.number(1, 2, hour) || !text.character(':') || !text.number(2, 2, minute)) return false;
  if (text.character(':')) {
    if (!text.number(2, 2, second)) return false;
    if ((text.character('.') || text.character(',')) && !text.fraction(fraction)) return false;
  }
  Reader behind = text;
  behind.blanks();
  const bool morning = behind.word("am");
  if (morning || behind.word("pm")) {
    if (hour < 1 || hour > 12) return false;
    hour = hour % 12 + (morning ? 0 : 12);
    text = behind;
  }
  const bool leap_second = second == 60 && minute == 59;
  const bool end_of_day = hour == 24 && minute == 0 && second == 0 && fraction == 0;
  if ((hour > 23 && !end_of_day) || minute > 59 || (second > 59 && !leap_second)) return false;
  seconds = static_cast<double>(3600 * hour + 60 * minute + second) + fraction;
  return true;
}

// "Z", "+01:00", "-0130" or "+01", in seconds.
bool read_offset(Reader& text, double& seconds) {
  text.blanks();
  if (text.at_end() || text.word("z") || text.word("utc")) return text.at_end();
  const double sign = text.next() == '-' ? -1 : 1;
  if (!text.character('+') && !text.character('-')) return false;
  std::int64_t hours = 0, minutes = 0;
  if (text.digits() == 4) {
    text.number(4, 4, hours);
    minutes = hours % 100;
    hours /= 100;
  } else if (!text.number(2, 2, hours) || (text.character(':') && !text.number(2, 2, minutes))) {
    return false;
  }
  seconds = sign * static_cast<double>(3600 * hours + 60 * minutes);
  return text.at_end() && hours <= 15 && minutes <= 59;
}

}  // namespace

std::string_view example_of(DateForm form) {
  switch (form) {
    case DateForm::day_first:
      return "a date such as 31/01/2024";
    case DateForm::month_first:
      return "a date such as 01/31/2024";
    case DateForm::compact:
      return "a date such as 20240131";
    case DateForm::time:
      return "a time such as 12:30";
    case DateForm::year_first:
      return "a date such as 24/01/31";
    case DateForm::plain:
      break;
  }
  return "a date such as 2024-01-31";
}

DateForm form_of(DateOrder order) {
  return order == DateOrder::day_month_year   ? DateForm::day_first
         : order == DateOrder::month_day_year ? DateForm::month_first
                                              : DateForm::year_first;
}

std::optional<double> seconds_of(std::string_view text, DateForm form) {
  Reader reader(text);
  double clock = 0, offset = 0;
  if (form == DateForm::time) {
    if (!read_clock(reader, clock) || !reader.at_end() || clock >= static_cast<double>(kDay)) return std::nullopt;
    return clock;
  }
  if (form == DateForm::compact) {
    std::int64_t number = 0;
    if (!reader.number(8, 8, number) || !reader.at_end()) return std::nullopt;
    return seconds_of_compact(static_cast<double>(number));
  }
  Day date;
  if (!(is_digit(reader.next()) ? read_separated(reader, form, date) : read_month_first(reader, date)))
    return std::nullopt;
  const std::optional<std::int64_t> days = days_of(date);
  if (!days) return std::nullopt;
  if (!reader.at_end()) {
    const bool apart = reader.character('T') || reader.character('t');
    const bool comma = !apart && reader.character(',');
    const bool blank = !apart && reader.blanks();
    if (!(apart || comma || blank) || !read_clock(reader, clock) || !read_offset(reader, offset)) return std::nullopt;
  }
  const double seconds = static_cast<double>(*days * kDay) + clock - offset;
  return seconds >= kFirstSecond && seconds <= kLastSecond ? std::optional(seconds) : std::nullopt;
}

std::optional<double> seconds_of_compact(double number) {
  if (!(number >= 1'01'01 && number <= 9999'12'31) || std::floor(number) != number) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(number);
  const std::optional<std::int64_t> days = days_of({whole / 10'000, whole / 100 % 100, whole % 100});
  return days ? std::optional(static_cast<double>(*days * kDay)) : std::nullopt;
}

std::string date_text(double seconds, DateForm form) {
  const Moment moment = moment_of(seconds);
  const auto milliseconds = static_cast<std::int64_t>(std::floor(moment.second * 1000));
  const std::int64_t second = milliseconds / 1000;
  std::string clock = fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
  if (milliseconds % 1000 != 0) clock += fmt::format(".{:03}", milliseconds % 1000);
  if (form == DateForm::time) return clock;
  const auto [year, day_of_year] = year_of(moment.days);
  std::int64_t month = 1, day = day_of_year;
  for (; day >= days_in(year, month); ++month) day -= days_in(year, month);
  const std::string date = fmt::format("{:04}-{:02}-{:02}", year, month, day + 1);
  return milliseconds == 0 ? date : date + 'T' + clock;
}

double phase_of(Cycle cycle, double seconds) {
  const Moment moment = moment_of(seconds);
  if (cycle == Cycle::time_of_day) return moment.second / static_cast<double>(kDay);
  if (cycle == Cycle::day_of_week) return static_cast<double>((moment.days + kEpoch) % 7) / 7;  // 0001-01-01: a Monday
  const auto [year, day] = year_of(moment.days);
  return static_cast<double>(day) / (is_leap(year) ? 366 : 365);
}

}  // namespace chainrule
