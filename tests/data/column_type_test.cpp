// SPDX-License-Identifier: Apache-2.0
// The type of a column, from all of its values; columns that duplicate the target; columns that training drops.
#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/table_rows.h"

#include <random>

#include "tests/support/tables.h"

namespace chainrule::testing::column_type_test {
namespace {

Texts repeated(const Texts& fields, std::size_t rows) {
  Texts out;
  for (std::size_t row = 0; row < rows; ++row) out.push_back(fields[row % fields.size()]);
  return out;
}

// "n0", "n1" ... or the result of `make` for the number.
Texts counted_texts(std::size_t rows, const std::function<std::string(std::size_t)>& make) {
  Texts out;
  for (std::size_t row = 0; row < rows; ++row) out.push_back(make(row));
  return out;
}
Texts run_of(std::size_t rows, double first, double step) {
  return counted_texts(rows, [&](std::size_t row) { return fmt::format("{}", first + step * double(row)); });
}

ColumnReading reading_of(const Texts& fields) { return read_column(table_of({column("c", fields)}, fields.size()), 0); }
ColumnType type_of(const Texts& fields) { return reading_of(fields).type; }

TEST(ColumnType, KnowsNumbersAndBooleans) {
  EXPECT_EQ(type_of({"1", "2.5", "", "1"}), ColumnType::number);
  EXPECT_EQ(type_of({"0", "1", "2"}), ColumnType::number);
  EXPECT_EQ(type_of({"0", "1", "0", ""}), ColumnType::boolean);
  EXPECT_EQ(type_of({"0", "", "0"}), ColumnType::number);
  for (const Texts& words : {Texts{"true", "false"}, Texts{"Yes", "no"}, Texts{"T", "F"}, Texts{"y", "N"},
                             Texts{"TRUE", "False", ""}, Texts{"yes", "0"}})
    EXPECT_EQ(type_of(words), ColumnType::boolean) << words[0];
  EXPECT_EQ(type_of({"yes", "yes", ""}), ColumnType::category);  // which one means no is unknown
  EXPECT_EQ(type_of({"yes", "no", "maybe"}), ColumnType::category);
  EXPECT_EQ(type_of({"m", "f"}), ColumnType::category);
}

TEST(ColumnType, KnowsConstants) {
  EXPECT_EQ(type_of({"7", "7", "7"}), ColumnType::constant);
  EXPECT_EQ(type_of({"x", "x"}), ColumnType::constant);
  EXPECT_EQ(type_of({"", "NA"}), ColumnType::constant);
  EXPECT_EQ(type_of({"7", "7", ""}), ColumnType::number);
  EXPECT_EQ(type_of({"x", "x", ""}), ColumnType::category);
}

TEST(ColumnType, KnowsRunningNumbersWhereRowsAreLeftOut) {
  Texts y = run_of(60, 3, 2);
  y[0] = y[7] = y[8] = "";
  Table table = table_of({column("nr", run_of(60, 1, 1)), column("y", y)}, 60);
  leave_out_rows_without(table, 1);
  ASSERT_EQ(table.rows, 57u);
  EXPECT_EQ(read_column(table, 0).type, ColumnType::running_number);
  table.columns[0].numbers[30] += 1;
  EXPECT_EQ(read_column(table, 0).type, ColumnType::number);
}

TEST(ColumnType, KnowsRunningNumbers) {
  EXPECT_EQ(type_of(run_of(20, 1, 1)), ColumnType::running_number);
  EXPECT_EQ(type_of(run_of(300, -10, 5)), ColumnType::running_number);
  EXPECT_EQ(type_of(run_of(19, 1, 1)), ColumnType::number);    // few rows
  EXPECT_EQ(type_of(run_of(50, 0, 0.5)), ColumnType::number);  // not whole numbers
  EXPECT_EQ(type_of(run_of(50, 0.5, 1)), ColumnType::number);
  EXPECT_EQ(type_of(run_of(50, 50, -1)), ColumnType::running_number);
  Texts gap = run_of(50, 1, 1), jump = gap, twice = gap;
  gap[7] = "";
  jump[49] = "51";
  twice[49] = "49";
  EXPECT_EQ(type_of(jump), ColumnType::running_number);
  for (const Texts& fields : {gap, twice}) EXPECT_EQ(type_of(fields), ColumnType::number);
}

// Numbers of rows in any order, and of any part of the rows.
TEST(ColumnType, KnowsNumbersOfRowsThatWereShuffledOrDrawn) {
  std::minstd_rand chance(3);
  for (const double step : {1.0, 7.0}) {
    Texts shuffled = run_of(400, 100, step);
    std::shuffle(shuffled.begin(), shuffled.end(), chance);
    EXPECT_EQ(type_of(shuffled), ColumnType::running_number);
    for (const std::size_t part : {2, 4, 8})
      EXPECT_EQ(type_of({shuffled.begin(), shuffled.begin() + 400 / static_cast<std::ptrdiff_t>(part)}),
                part < 8 ? ColumnType::running_number : ColumnType::number)
          << part;
  }
  Texts drawn;  // 300 whole numbers below a million are nearly always different
  for (std::size_t row = 0; row < 300; ++row) drawn.push_back(std::to_string(row * 3331 + chance() % 3331));
  EXPECT_EQ(type_of(drawn), ColumnType::number);
  Texts days;
  for (int day = 1; day <= 28; ++day)
    for (const char* const month : {"01", "02", "03"}) days.push_back(fmt::format("2024{}{:02}", month, day));
  EXPECT_EQ(type_of(days), ColumnType::number) << "dates";
}

// A column with such a name needs less evidence.
TEST(ColumnType, KnowsTheNamesOfNumbersOfRows) {
  Texts some;  // 15 of 1 to 35
  for (const int number : {7, 31, 2, 19, 35, 11, 23, 1, 28, 15, 5, 33, 9, 21, 13})
    some.push_back(std::to_string(number));
  const auto type_named = [&](const std::string& name) {
    Table table = table_of({column(name, some)}, some.size());
    table.names_from_header = true;
    return read_column(table, 0).type;
  };
  for (const char* const name : {"id", "ID", "index", "Unnamed: 0", "PassengerId", "row_id", "column 1"})
    EXPECT_EQ(type_named(name), ColumnType::running_number) << name;
  for (const char* const name : {"age", "paid", "column 2"}) EXPECT_EQ(type_named(name), ColumnType::number) << name;
}

TEST(ColumnType, KnowsTexts) {
  EXPECT_EQ(type_of(repeated({"red", "blue", ""}, 30)), ColumnType::category);
  const auto name = [](std::size_t row) { return fmt::format("n{}", row); };
  EXPECT_EQ(type_of(counted_texts(20, name)), ColumnType::category);  // so few distinct texts may be categories
  EXPECT_EQ(type_of(counted_texts(60, name)), ColumnType::id);
  EXPECT_EQ(type_of(repeated(counted_texts(30, name), 60)), ColumnType::category);
  const auto flat = [](std::size_t row) { return fmt::format("flat no {}", row); };
  EXPECT_EQ(type_of(counted_texts(60, flat)), ColumnType::id);
  const auto remarks = [](std::size_t row) { return fmt::format("we saw flat {}", row); };
  EXPECT_EQ(type_of(counted_texts(60, remarks)), ColumnType::free_text);
  const auto sentence = [](std::size_t row) {
    return fmt::format("This is what somebody wrote about house {}, at length.", row);
  };
  EXPECT_EQ(type_of(repeated(counted_texts(25, sentence), 200)), ColumnType::free_text);
  EXPECT_EQ(type_of(repeated(counted_texts(5, sentence), 200)), ColumnType::category);  // long labels, few of them
  EXPECT_EQ(type_of({"1", "2", "3", "x"}), ColumnType::mixed);
  EXPECT_EQ(type_of({"1,5", "2,5"}), ColumnType::mixed);
}

TEST(ColumnType, KnowsDates) {
  EXPECT_EQ(type_of({"2024-01-31", "", "2024-02-01T12:30"}), ColumnType::date);
  EXPECT_EQ(type_of({"31.01.2024", "1 Feb 2024"}), ColumnType::date);
  EXPECT_EQ(reading_of({"31.01.2024", "1 Feb 2024"}).form, DateForm::plain);
  EXPECT_EQ(type_of({"12:30", "23:59:10"}), ColumnType::time);
  EXPECT_EQ(type_of({"20240131", "20240201"}), ColumnType::number);
  EXPECT_EQ(type_of({"2024-01-31", "12:30"}), ColumnType::category);
}

TEST(ColumnType, TheWholeColumnDecidesWhatIsDayAndMonth) {
  const ColumnReading european = reading_of({"02/03/2024", "31/01/2024"});
  EXPECT_EQ(european.type, ColumnType::date);
  EXPECT_EQ(european.form, DateForm::day_first);
  EXPECT_FALSE(european.forms.size() > 1);
  EXPECT_EQ(reading_of({"02/03/2024", "01/31/2024"}).form, DateForm::month_first);
  EXPECT_FALSE(reading_of({"02/03/2024", "01/31/2024"}).forms.size() > 1);
  const ColumnReading either = reading_of({"02/03/2024", "01/12/2024"});
  EXPECT_EQ(either.form, DateForm::month_first);
  EXPECT_TRUE(either.forms.size() > 1);
  EXPECT_EQ(type_of({"01/31/2024", "31/01/2024"}), ColumnType::category);
}

TEST(ColumnType, OneWrongDateAmongManyIsFound) {
  Texts fields = counted_texts(19, [](std::size_t row) { return fmt::format("2024-01-{:02}", row + 1); });
  fields.insert(fields.begin() + 7, "2024-02-30");
  const ColumnReading reading = reading_of(fields);
  EXPECT_EQ(reading.type, ColumnType::category);
  EXPECT_EQ(reading.odd_date, 7u);
  EXPECT_EQ(reading_of({"2024-01-01", "2024-01-02", "x"}).odd_date, std::nullopt);  // not nearly all
}

// -- use in training -------------------------------------------------------------------------------------------------

Texts classes(std::size_t rows) { return repeated({"u", "v", "v", "u", "u"}, rows); }
Column numbers(const std::string& name, std::size_t rows) {
  return column(name, counted_texts(rows, [](std::size_t row) { return fmt::format("{}", row * row % 17); }));
}

TEST(Plan, LeavesOutWhatNumbersTheRows) {
  const Table table =
      table_of({column("row", run_of(40, 1, 1)), numbers("a", 40), column("y", classes(40), kKept)}, 40);
  Notes notes;
  const Encoder encoder = plan_encoder(table, {}, notes);
  ASSERT_EQ(encoder.inputs.size(), 1u);
  EXPECT_EQ(encoder.input_columns, (Rows{2}));
  EXPECT_EQ(note_line(notes[0]),
            "warning: left out because it numbers the rows: \"row\" (numeric=row uses it as a number)");
  EXPECT_EQ(notes[0].column, "row");
  EXPECT_EQ(notes[0].option, "numeric");
  EXPECT_EQ(notes[0].topic, NoteTopic::columns);
  EXPECT_EQ(notes.size(), 2u);
  EXPECT_EQ(plan(table, {.numeric = {"row"}}).inputs.size(), 2u);
  EXPECT_TRUE(plan(table, {.categorical = {"row"}}).inputs[0].categorical);
  // A single column is kept: it is better than none.
  EXPECT_EQ(plan(table, {.ignore = {"a"}}).inputs[0].name, "row");
  EXPECT_EQ(notes_of(table, {.ignore = {"a"}}).size(), 1u);
}

TEST(Plan, LeavesOutFreeText) {
  const Texts remarks = counted_texts(60, [](std::size_t row) { return fmt::format("a word and {}", row); });
  const Table table = table_of({column("said", remarks), numbers("a", 60), column("y", classes(60), kKept)}, 60);
  EXPECT_EQ(notes_of(table)[0], "warning: left out because it is free text: \"said\"");
  EXPECT_EQ(plan(table).input_columns, (Rows{2}));
}

TEST(Plan, RefusesDatesThatCanBeReadInTwoWays) {
  Table table = table_of({column("d", repeated({"02/03/2024", "01/12/2024"}, 4)), column("y", classes(4), kKept)}, 4);
  const Refusal expected = refusal([&] { plan(table); });
  EXPECT_EQ(expected.category, ErrorCategory::input);
  EXPECT_EQ(
      expected.what,
      "a.csv: row 1: column \"d\": expected dates that can be read in one way, found \"02/03/2024\": 2024-02-03 or "
      "2024-03-02");
  EXPECT_EQ(expected.hint, "date_order=mdy reads 2024-02-03, date_order=dmy reads 2024-03-02");
  EXPECT_EQ(refusal([&] { plan(table, {.date = {"d"}}); }).what, expected.what);
  table.date_order = DateOrder::day_month_year;
  EXPECT_EQ(plan(table).inputs[0].date, DateForm::day_first);
  EXPECT_EQ(notes_of(table)[0],
            "column \"d\": dates such as \"02/03/2024\" are read as 2024-03-02 (date_order sets another order)");
}

TEST(ColumnType, YearsOfTwoDigits) {
  const auto forms_of = [](const Texts& texts) {
    const ColumnReading reading = reading_of(texts);
    return reading.forms.empty() ? std::vector<DateForm>{reading.form} : reading.forms;
  };
  using Forms = std::vector<DateForm>;
  EXPECT_EQ(forms_of({"09/08/23", "15/08/23"}), Forms{DateForm::day_first});
  EXPECT_EQ(forms_of({"09/08/23", "08/15/23"}), Forms{DateForm::month_first});
  EXPECT_EQ(forms_of({"09/08/23", "08/09/23"}), (Forms{DateForm::month_first, DateForm::day_first}));
  EXPECT_EQ(forms_of({"99/12/31", "98/01/30"}), Forms{DateForm::year_first});
  EXPECT_EQ(forms_of({"10-08-23", "10-08-24"}),
            (Forms{DateForm::month_first, DateForm::day_first, DateForm::year_first}));
  EXPECT_EQ(forms_of({"31.12.23", "01.02.69"}), Forms{DateForm::plain});
  EXPECT_EQ(forms_of({"05/05/23", "07/07/23"}), Forms{DateForm::month_first}) << "all orders give the same dates";
  EXPECT_EQ(seconds_of("01.02.68", DateForm::plain), seconds_of("2068-02-01", DateForm::plain));
  EXPECT_EQ(seconds_of("01.02.69", DateForm::plain), seconds_of("1969-02-01", DateForm::plain));
  EXPECT_EQ(seconds_of("31-Dec-23", DateForm::plain), seconds_of("2023-12-31", DateForm::plain));
  for (const std::string text : {"1.2.10", "3-2-10", "12.30.45", "1/2", "13/13/23"})
    EXPECT_NE(type_of({text, text + "x", "z"}), ColumnType::date) << text;
  EXPECT_EQ(type_of({"1.2.10", "1.3.11", "2.0.14"}), ColumnType::category) << "versions";
}

TEST(Columns, MonthsAndQuartersAreDates) {
  for (const std::string text : {"2024 Q3", "2024-Q3", "2024Q3", "2024 q3", "Q3 2024", "Q3-2024", "Q32024", "2024 Jul",
                                 "2024-Jul", "2024 July", "Jul 2024", "Jul-2024", "July 2024"})
    EXPECT_EQ(seconds_of(text, DateForm::plain), seconds_of("2024-07-01", DateForm::plain)) << text;
  EXPECT_EQ(type_of({"1970 Q1", "1970 Q2", "1970 Q3"}), ColumnType::date);
  for (const std::string text : {"2024 Q5", "2024 Q0", "2024Q", "Q3", "Q3 24", "24 Q3", "2024 Q31", "2024Jul", "Jul 24",
                                 "2024 Ju", "Q3 2024 x", "2024 Q3 12:30"})
    EXPECT_EQ(seconds_of(text, DateForm::plain), std::nullopt) << text;
}

TEST(Plan, NotesWhyAColumnIsNotADate) {
  Texts fields = counted_texts(19, [](std::size_t row) { return fmt::format("2024-01-{:02}", row + 1); });
  fields.push_back("2024-02-30");
  const Table table = table_of({column("d", fields), column("y", classes(20), kKept)}, 20);
  EXPECT_EQ(notes_of(table)[0],
            "warning: column \"d\" is not read as dates: \"2024-02-30\" is not a date (a.csv: row 20)");
  const Refusal expected = refusal([&] { plan(table, {.date = {"d"}}); });
  EXPECT_EQ(expected.category, ErrorCategory::input);
  EXPECT_EQ(expected.what, "a.csv: row 20: column \"d\": expected a date such as 2024-01-31, found \"2024-02-30\"");
}

TEST(Plan, TakesDatesThatAreNamed) {
  const Table table = table_of(
      {column("d", {"20240131", "20240201", ""}), column("a", {"1", "2", "4"}), column("y", {"u", "v", "u"}, kKept)},
      3);
  EXPECT_EQ(plan(table).inputs[0].date, std::nullopt);
  EXPECT_EQ(plan(table, {.date = {"d"}}).inputs[0].date, DateForm::compact);
  const auto what = [&](const EncoderOptions& options) { return refusal([&] { plan(table, options); }).what; };
  EXPECT_EQ(what({.date = {"a"}}), "a.csv: row 1: column \"a\": expected a date such as 20240131, found \"1\"");
  EXPECT_EQ(what({.date = {"y"}}), "date: expected an input column, found column \"y\"");
  EXPECT_EQ(what({.categorical = {"d"}, .date = {"d"}}),
            "date: expected a column not listed in categorical, found column \"d\"");
  EXPECT_EQ(what({.numeric = {"d"}, .date = {"d"}}),
            "date: expected a column not listed in numeric, found column \"d\"");
}

std::string warning_of_copies(Column copy, Column target, const EncoderOptions& options = {}) {
  const std::size_t rows = target.codes.size();
  for (const std::string& note :
       notes_of(table_of({std::move(copy), numbers("a", rows), std::move(target)}, rows), options))
    if (note.find("the target (leakage)") != std::string::npos) return note;
  return "";
}

TEST(Copies, OfAClassAreNamed) {
  const Column target = column("y", classes(40), kKept);
  EXPECT_EQ(warning_of_copies(column("c", classes(40)), target),
            "warning: column \"c\" duplicates the target (leakage); the model may be useless on new data (ignore "
            "leaves it out)");
  const auto coded = [](const std::string& u, const std::string& v) {
    Texts fields = classes(40);
    for (std::string& field : fields) field = field == "u" ? u : v;
    return column("c", fields);
  };
  for (const auto& [u, v] : {std::pair("0", "1"), {"7", "-1"}, {"no", "yes"}, {"", "3"}, {"late", ""}})
    EXPECT_NE(warning_of_copies(coded(u, v), target), "") << u;
  Texts nearly = classes(40);
  nearly[9] = nearly[9] == "u" ? "v" : "u";
  EXPECT_EQ(warning_of_copies(column("c", nearly), target), "");
  EXPECT_EQ(warning_of_copies(column("c", repeated({"u", "v"}, 40)), target), "");
  Texts finer = classes(40);  // three values for two classes: may be a legitimate input
  for (std::size_t row = 0; row < 40; row += 5) finer[row] = "w";
  EXPECT_EQ(warning_of_copies(column("c", finer), target), "");
  EXPECT_EQ(warning_of_copies(column("c", classes(19)), column("y", classes(19), kKept)), "");  // may be chance
  Texts rare(40, "v");
  for (std::size_t row = 0; row < 4; ++row) rare[9 * row] = "u";
  EXPECT_EQ(warning_of_copies(column("c", rare), column("y", rare, kKept)), "");
}

TEST(Copies, OfANumberAreNamed) {
  const auto fields = [](double factor, double noise) {
    return counted_texts(60, [=](std::size_t row) {
      return fmt::format("{}", factor * (double(row * row % 37) + 0.25) + noise * double(row * 7 % 11));
    });
  };
  const Column target = column("y", fields(1, 0), kKept);
  EXPECT_NE(warning_of_copies(column("c", fields(1, 0)), target), "");
  EXPECT_NE(warning_of_copies(column("c", fields(-1e-9, 0)), target), "");
  EXPECT_NE(warning_of_copies(column("c", fields(100, 0.01)), target), "");
  EXPECT_EQ(warning_of_copies(column("c", fields(1, 0.1)), target), "");
  Texts with_gaps = fields(2, 0);
  with_gaps[3] = with_gaps[30] = "";
  EXPECT_NE(warning_of_copies(column("c", with_gaps), target), "");
  EXPECT_EQ(warning_of_copies(column("c", Texts(60, "1")), target), "");
}

TEST(Copies, LookAtAllRowsOfALongTable) {
  Texts same, other, y;
  for (std::size_t row = 0; row < 3000; ++row) {
    const double value = double(row * row % 1009) + 0.5;
    y.push_back(fmt::format("{}", value));
    same.push_back(fmt::format("{}", 3 - value));
    other.push_back(fmt::format("{}", row < 2500 ? value : -value));
  }
  EXPECT_NE(warning_of_copies(column("c", same), column("y", y, kKept)), "");
  EXPECT_EQ(warning_of_copies(column("c", other), column("y", y, kKept)), "");
}

std::string warning_of_tellers(const Column& teller, const Column& target, const EncoderOptions& options = {}) {
  const std::size_t rows = target.codes.size();
  for (const std::string& note : notes_of(table_of({teller, numbers("a", rows), target}, rows), options))
    if (note.find("it is leakage") != std::string::npos) return note;
  return "";
}

TEST(Tellers, OfANumberAreNamed) {
  const auto fields = [](auto value) {
    return counted_texts(80, [=](std::size_t row) { return fmt::format("{}", value(double(row * row % 37) + 0.25)); });
  };
  const Column target = column("y", fields([](double y) { return y; }), kKept);
  EXPECT_EQ(warning_of_tellers(column("c", fields([](double y) { return std::log(y); })), target),
            "warning: column \"c\" orders the rows as the target does, as its logarithm would; if known only with the "
            "target, it is leakage (ignore leaves it out)");
  EXPECT_NE(warning_of_tellers(column("c", fields([](double y) { return 1 / y; })), target), "");
  EXPECT_EQ(warning_of_tellers(column("c", fields([](double y) { return y * y - 9 * y; })), target), "");
  Texts with_gaps = fields([](double y) { return y * y * y; });
  with_gaps[3] = with_gaps[50] = "";
  EXPECT_NE(warning_of_tellers(column("c", with_gaps), target), "");
  Texts nearly = fields([](double y) { return y * y * y; });
  std::swap(nearly[0], nearly[6]);  // 0.25 and 36.25
  EXPECT_EQ(warning_of_tellers(column("c", nearly), target), "");
}

TEST(Tellers, OfAClassAreNamed) {
  const auto at = [](std::size_t row) { return row * 37 % 80; };  // each of 0 to 79 once
  const auto targets = [&](std::size_t limit, std::size_t rows) {
    return column(
        "y", counted_texts(rows, [&](std::size_t row) { return at(row) < limit ? "u"
                                                               : at(row) < 60  ? "v"
                                                                               : "w"; }),
        kKept);
  };
  const auto change = [&](std::size_t rows) {
    return column("c", counted_texts(rows, [&](std::size_t row) { return fmt::format("{}", double(at(row)) * 1.5); }));
  };
  EXPECT_EQ(warning_of_tellers(change(80), targets(30, 80), {.numeric = {"c"}}),
            "warning: column \"c\" alone decides the class of every row; if known only with the target, it is leakage "
            "(ignore leaves it out)");
  EXPECT_EQ(warning_of_tellers(change(49), targets(30, 49), {.numeric = {"c"}}), "") << "may be chance";
  Column swapped = targets(30, 80);
  std::swap(swapped.codes[0], swapped.codes[1]);  // 0 and 37
  EXPECT_EQ(warning_of_tellers(change(80), swapped, {.numeric = {"c"}}), "");

  const auto regimes = [&](std::size_t values) {  // some of "u", some of the others
    return column("c", counted_texts(80, [&](std::size_t row) {
                    return fmt::format("r{}", (at(row) < 30 ? 0 : at(row) < 60 ? 100 : 200) + row % values);
                  }));
  };
  EXPECT_NE(warning_of_tellers(regimes(2), targets(30, 80)), "");
  EXPECT_EQ(warning_of_tellers(regimes(10), targets(30, 80)), "") << "few rows of each value";
  EXPECT_EQ(warning_of_tellers(regimes(2), swapped), "");
}

}  // namespace
}  // namespace chainrule::testing::column_type_test
