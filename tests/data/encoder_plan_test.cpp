// SPDX-License-Identifier: Apache-2.0
// The decisions and refusals of plan_encoder.
#include <gtest/gtest.h>

#include "chainrule/data/encoder.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/table_columns.h"
#include "tests/support/tables.h"

namespace chainrule::encoder_plan_test {
namespace {

using namespace testing;

Refusal plan_refusal(const Table& table, const EncoderOptions& options = {}) {
  return refusal([&] { plan(table, options); });
}

}  // namespace

TEST(Plan, TakesTheLastColumnAsTarget) {
  const Encoder encoder = plan(small());
  EXPECT_EQ(encoder.target, "y");
  EXPECT_EQ(encoder.target_column, 3u);
  EXPECT_EQ(encoder.training_columns, 3u);
  EXPECT_EQ(encoder.input_columns, (Rows{1, 2}));
  ASSERT_EQ(encoder.width(), 2u);
  EXPECT_EQ(encoder.inputs[1].name, "b");
  EXPECT_TRUE(encoder.match_by_name);
  EXPECT_EQ(encoder.task, Task::classes);
  EXPECT_EQ(encoder.labels, (Texts{"ant", "cat", "dog"}));
  EXPECT_EQ(encoder.outputs(), 3u);
}

TEST(Plan, TakesTargetWeightAndIgnoredColumnsByNameOrNumber) {
  const Table table = table_of({column("y", {"0.5", "1.5"}, kKept), column("id", {"x", "y"}), column("a", {"1", "2"}),
                                column("w", {"1", "0"}), column("b", {"1", "2"})},
                               2);
  const Encoder encoder = plan(table, {.target = "1", .ignore = {"id"}, .weight = "w"});
  EXPECT_EQ(encoder.target, "y");
  EXPECT_EQ(encoder.task, Task::number);
  EXPECT_EQ(encoder.outputs(), 1u);
  EXPECT_EQ(encoder.input_columns, (Rows{3, 5}));
  EXPECT_EQ(encoder.weight, "w");
  EXPECT_EQ(encoder.weight_column, 4u);
  EXPECT_EQ(encoder.training_columns, 5u);
}

TEST(Plan, DecidesTheTask) {
  const auto task_of = [](Texts fields) {
    const Table table = table_of({column("a", Texts(fields.size(), "1")), column("y", fields, kKept)}, fields.size());
    return plan(table).task;
  };
  Texts twenty, twenty_one;
  for (int k = 0; k < 21; ++k) {
    if (k < 20) twenty.push_back(std::to_string(k - 5));
    twenty_one.push_back(std::to_string(k));
  }
  EXPECT_EQ(task_of(twenty), Task::classes);
  EXPECT_EQ(task_of(twenty_one), Task::number);
  EXPECT_EQ(task_of({"1", "2.5"}), Task::number);
  EXPECT_EQ(task_of({"1", "2.0"}), Task::classes);
  EXPECT_EQ(task_of({"1", "b"}), Task::classes);
}

TEST(Plan, FollowsTheTaskOption) {
  const Table table = table_of({column("a", {"1", "2"}), column("y", {"1", "2.5"}, kKept)}, 2);
  EXPECT_EQ(plan(table, {.task = static_cast<int>(Task::classes)}).labels, (Texts{"1", "2.5"}));
  EXPECT_EQ(plan(table, {.task = static_cast<int>(Task::number)}).task, Task::number);
  const Refusal text = plan_refusal(small(), {.task = static_cast<int>(Task::number)});
  EXPECT_EQ(text.category, ErrorCategory::input);
  EXPECT_EQ(text.what, "a.csv:2:3: column \"y\": expected a number, found \"dog\"");
}

TEST(Plan, MergesEqualNumbersAndSortsThemByValue) {
  const Table table =
      table_of({column("a", Texts(7, "1")), column("y", {"10", "9.0", "-1", "1e1", "9", "0", "-0"}, kKept)}, 7);
  const Encoder encoder = plan(table);
  EXPECT_EQ(encoder.labels, (Texts{"-1", "0", "9.0", "10"}));
  EXPECT_EQ(encode_labels(encoder, table), (std::vector<std::uint32_t>{3, 2, 0, 3, 2, 1, 1}));
}

TEST(Plan, SortsTextByBytes) {
  const Table table = table_of({column("a", Texts(5, "1")), column("y", {"\xC3\xA9", "b", "B", "10", "9"}, kKept)}, 5);
  EXPECT_EQ(plan(table).labels, (Texts{"10", "9", "B", "b", "\xC3\xA9"}));
}

TEST(Plan, NotesEachDecision) {
  EXPECT_EQ(notes_of(small()), (Texts{"task: classes (3 labels in column \"y\")"}));
  EXPECT_EQ(notes_of(small(), {.target = "a", .ignore = {"y"}, .task = static_cast<int>(Task::number)}),
            (Texts{"task: number (column \"a\")"}));
}

TEST(Plan, RefusesATargetWithGaps) {
  Table table = small();
  table.columns[2] = column("y", {"dog", "", "ant", "NA"}, kKept);
  table.columns[2].first_missing.field = 3;
  const Refusal found = plan_refusal(table);
  EXPECT_EQ(found.category, ErrorCategory::input);
  EXPECT_EQ(
      found.what,
      "a.csv:3:3: missing target in column \"y\": expected a value, found an empty field (2 missing values in this "
      "column)");
}

TEST(Plan, RefusesOneClassOnly) {
  const Refusal found = plan_refusal(table_of({column("a", {"1", "2"}), column("y", {"7", "7.0"}, kKept)}, 2));
  EXPECT_EQ(found.category, ErrorCategory::input);
  EXPECT_EQ(found.what, "a.csv: target column \"y\": expected at least 2 classes, found only \"7\"");
  EXPECT_EQ(plan_refusal(table_of({column("a", {"1"}), column("y", {"x"}, kKept)}, 1)).category, ErrorCategory::input);
}

TEST(Plan, RefusesTooManyClasses) {
  Texts fields;
  for (int k = 0; k < 6000; ++k) fields.push_back(std::to_string(k));
  const Texts ones(fields.size(), "1");
  const EncoderOptions classes{.task = static_cast<int>(Task::classes)};
  const Refusal numbers = plan_refusal(table_of({column("a", ones), column("y", fields, kKept)}, 6000), classes);
  EXPECT_NE(numbers.what.find("expected at most 5000 classes"), std::string::npos) << numbers.what;
  EXPECT_NE(numbers.hint.find("task=number"), std::string::npos) << numbers.hint;
  for (std::string& field : fields) field += 'x';
  EXPECT_NE(plan_refusal(table_of({column("a", ones), column("y", fields, kKept)}, 6000)).what.find("5000 classes"),
            std::string::npos);
}

TEST(Plan, TextIsACategoryAndGapsMayBe) {
  Table table = small();
  table.columns[0] = column("a", {"1", "?", "3", ""});
  table.columns[1] = column("b", {"red", "blue", "", "red"});
  const Encoder encoder = plan(table);
  EXPECT_FALSE(encoder.inputs[0].categorical);
  EXPECT_TRUE(encoder.inputs[1].categorical);
  EXPECT_TRUE(plan(table, {.categorical = {"a"}}).inputs[0].categorical);
  EXPECT_EQ(plan_refusal(table, {.categorical = {"y"}}).what,
            "categorical: expected an input column, found column \"y\"");
}

TEST(Plan, TakesNumbersWithTextsAmongThemAsTexts) {
  Table table = small();
  table.columns[1] = column("b", {"10", "abc", "30", "40"});
  table.columns[1].first_text.field = 2;
  std::vector<Note> notes;
  EXPECT_TRUE(plan_encoder(table, {}, notes).inputs[1].categorical);
  EXPECT_EQ(
      note_lines(notes).at(0),
      "warning: column \"b\" has numbers, but \"abc\" in a.csv: row 2: its numbers are taken as texts, and all as "
      "categories (numeric=b counts such texts as missing)");
  Texts ids, labels;
  for (int i = 0; i < 60; ++i) ids.push_back(i % 3 == 0 ? "A/" + std::to_string(i) : std::to_string(1000 + 17 * i));
  for (int i = 0; i < 60; ++i) labels.push_back(i % 2 == 0 ? "yes" : "no");
  Table wide = table_of({column("t", ids), column("a", Texts(60, "1")), column("y", labels, kKept)}, 60);
  notes.clear();
  EXPECT_EQ(plan_encoder(wide, {}, notes).inputs.size(), 1u) << "left out";
  EXPECT_NE(note_lines(notes).at(0).find("it is left out, since nearly every row has a different text"),
            std::string::npos);
}

TEST(Plan, RefusesNumbersThatCanBeReadInTwoWays) {
  Table table = small();
  table.columns[1] = column("b", {"1,234", "5,678", "10", "2,000"});
  table.columns[1].readings = {{'.', ',', ""}, {',', '.', ""}};
  const Refusal found = plan_refusal(table);
  EXPECT_EQ(found.category, ErrorCategory::input);
  EXPECT_EQ(found.what,
            "a.csv: row 1: column \"b\": expected numbers that can be read in one way, found \"1,234\": 1234 or 1.234");
  EXPECT_EQ(found.hint,
            "thousands=comma reads 1234, decimal_comma reads 1.234; categorical=b takes the texts as categories");
  EXPECT_EQ(plan(table, {.ignore = {"b"}}).inputs.size(), 1u);
  EXPECT_TRUE(plan(table, {.categorical = {"b"}}).inputs[1].categorical);
}

TEST(Plan, LeavesOutWhatIsANameOfEachRow) {
  Texts names, kinds, y;
  for (std::size_t row = 0; row < 60; ++row) {
    names.push_back("n" + std::to_string(row));
    kinds.push_back("k" + std::to_string(row % 30));  // the maximum for 60 rows
    y.push_back(row % 2 == 0 ? "u" : "v");
  }
  const Table table = table_of({column("id", names), column("kind", kinds), column("y", y, kKept)}, 60);
  Notes notes;
  const Encoder encoder = plan_encoder(table, {}, notes);
  ASSERT_EQ(encoder.inputs.size(), 1u);
  EXPECT_EQ(encoder.inputs[0].name, "kind");
  EXPECT_EQ(encoder.input_columns, (Rows{2}));
  EXPECT_EQ(note_line(notes[0]), "warning: left out because nearly every row has a different text: \"id\"");
  EXPECT_EQ(plan(table, {.categorical = {"id"}}).inputs.size(), 2u);
  const Refusal none = plan_refusal(table, {.ignore = {"kind"}});
  EXPECT_EQ(
      none.what,
      "a.csv: input columns: expected at least 1 of numbers, dates or categories, found only columns that are left "
      "out: nearly every row has a different text in \"id\"");
  EXPECT_EQ(none.hint,
            "categorical=id takes such a column as categories, numeric=id reads its numbers and counts its texts as "
            "missing");
}

TEST(Plan, RefusesColumnsWithTwoRoles) {
  EXPECT_EQ(plan_refusal(small(), {.ignore = {"y"}}).category, ErrorCategory::usage);
  EXPECT_EQ(plan_refusal(small(), {.weight = "y"}).category, ErrorCategory::usage);
  EXPECT_EQ(plan_refusal(small(), {.target = "z"}).category, ErrorCategory::usage);
  EXPECT_EQ(plan_refusal(small(), {.ignore = {"z"}}).category, ErrorCategory::usage);
  EXPECT_EQ(plan_refusal(small(), {.weight = "z"}).category, ErrorCategory::usage);
}

TEST(Plan, RefusesToLearnFromNothing) {
  EXPECT_EQ(plan_refusal(small(), {.ignore = {"a", "b"}}).what,
            "a.csv: input columns: expected at least 1 besides the target column \"y\", found none");
  EXPECT_EQ(plan_refusal(table_of({column("y", {"1", "2"}, kKept)}, 2)).category, ErrorCategory::input);
  EXPECT_EQ(plan_refusal(table_of({column("a", {}), column("y", {}, kKept)}, 0)).category, ErrorCategory::input);
  EXPECT_EQ(plan_refusal(table_of({}, 2)).category, ErrorCategory::input);
  EXPECT_NE(plan_refusal(images(2, 1, 1, {})).hint.find("labels names"), std::string::npos);
}

TEST(Plan, RefusesATextAmongMoreNumbersThanClassesCanHave) {
  Column y = column("y", {"1", "2", "none"}, kKept);
  y.codes.clear();  // as with too many distinct values to keep
  y.spellings.clear();
  const Refusal found = plan_refusal(table_of({column("a", {"1", "2", "3"}), y}, 3));
  EXPECT_EQ(found.category, ErrorCategory::input);
  EXPECT_NE(found.what.find("column \"y\": expected a number in every row"), std::string::npos) << found.what;
  EXPECT_NE(found.what.find("\"none\""), std::string::npos) << found.what;
  EXPECT_EQ(found.hint, "numeric=y leaves out the rows with text there");
}

TEST(Plan, FindsManyColumnsByNameOrNumber) {
  std::vector<Column> columns;
  for (int c = 0; c < 300; ++c) columns.push_back(column(fmt::format("x{}", c), {"1", "2"}));
  columns[7].name = "x8";  // twice: the first one counts, as in a search by name
  const Table table = table_of(std::move(columns), 2);
  EXPECT_EQ(find_columns(table, {"x299", "x8", "3", "x0"}, "ignore"), (std::vector<std::size_t>{299, 7, 2, 0}));
  EXPECT_EQ(find_column(table, "x8", "ignore"), 7u);
  EXPECT_EQ(refusal([&] { find_columns(table, {"x1", "x300"}, "ignore"); }).category, ErrorCategory::usage);
}

TEST(Plan, RefusesBadWeights) {
  const auto with = [](Texts weights) {
    Table table = small();
    table.columns.insert(table.columns.begin(), column("w", weights));
    return plan_refusal(table, {.weight = "w"}).what;
  };
  EXPECT_EQ(with({"1", "-0.5", "1", "1"}), "a.csv: row 2: column \"w\": expected a sample weight >= 0, found -0.5");
  EXPECT_EQ(with({"0", "0", "0", "0"}),
            "a.csv: column \"w\": expected a sample weight above 0 in some row, found none");
  EXPECT_NE(with({"1", "", "1", "1"}).find("found an empty field"), std::string::npos);
  EXPECT_NE(with({"1", "x", "1", "1"}).find("found \"x\""), std::string::npos);
  EXPECT_NE(with({"1", "1e39", "1", "1"}).find("row 2"), std::string::npos);
}

TEST(Plan, MatchesByNumberWhereNamesAreTheSame) {
  Table table = small();
  table.columns[1].name = "a";
  Notes notes;
  EXPECT_FALSE(plan_encoder(table, {}, notes).match_by_name);
  EXPECT_EQ(note_line(notes[0]), "warning: more than one column is called \"a\": columns will be matched by position");
}

}  // namespace chainrule::encoder_plan_test
