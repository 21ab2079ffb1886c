// SPDX-License-Identifier: Apache-2.0
// One row straight to a prediction: to the bits of a file that has this row, and refused where the file is.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <thread>

#include "chainrule/model/formats/safetensors.h"
#include "chainrule/model/prediction.h"
#include "chainrule/training/fit.h"
#include "tests/support/allocations.h"
#include "tests/support/data_files.h"
#include "tests/support/model_samples.h"
#include "tests/support/tables.h"

namespace chainrule::row_predictor_test {
namespace {

using Fields = std::vector<std::string_view>;

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

// Columns of all types: x, size (with gaps), kind, day, at, compact, ok, code (numbers that are categories), y.
std::string table_text(bool classes) {
  std::string text = "x,size,kind,day,at,compact,ok,code,y\n";
  for (int i = 0; i < 120; ++i)
    text += fmt::format("{},{},{},2024-0{}-{:02},{:02}:30,202401{:02},{},{},{}\n", (i * 29 % 90 - 45) / 7.0,
                        i % 17 == 5 ? "" : std::to_string(i * 7 % 31),
                        i % 5 == 0   ? "red"
                        : i % 7 == 0 ? ""
                                     : "blue",
                        1 + i % 9, 1 + i % 28, i % 24, 1 + i * 11 % 31, i % 2 == 0 ? "yes" : "no", i % 4,
                        classes ? i * 29 % 90 < 40 ? "low" : "high" : std::to_string(i * 29 % 90));
  return text;
}

class RowPrediction : public data_files::DataFiles {
 protected:
  Model trained(bool classes, const std::string& numeric = "") const {
    FitOptions options;
    options.hidden = {8};
    options.train.epochs = 2;
    options.data.categorical = {"code"};
    options.data.date = {"compact"};
    options.data.missing = {"none"};
    if (!numeric.empty()) options.data.numeric = {numeric};
    formats::LoadOptions reading;
    reading.numeric = options.data.numeric;
    reading.missing = options.data.missing;
    return fit(read(table_text(classes), reading), options, {}, nullptr, 1).model;
  }
  std::string name_line(const Model& model) const {
    std::string line;
    for (const InputColumn& input : model.encoder.inputs) line += (line.empty() ? "" : ",") + input.name;
    return line + "\n";
  }
  // What a file with this row gives; the error's text where it is refused.
  MatrixOf<double> by_file(const Model& model, const Fields& fields) const {
    std::string text = name_line(model);
    for (const std::string_view& field : fields) text += std::string(field) + (&field == &fields.back() ? "\n" : ",");
    formats::LoadOptions options = formats::load_options_for(model);
    options.header = formats::Header::yes;
    options.target = std::nullopt;
    return predict(model, read(text, options), 1);
  }
};

const std::vector<Fields>& rows() {
  static const std::vector<Fields> all = {
      {"1.5", "7", "red", "2024-03-05", "07:30", "20240111", "yes", "2"},
      {" -2 ", "", "", "", "", "", "", ""},
      {"NA", "?", "none", "none", "null", "nan", "n/a", "NULL"},
      {"+1e3", "0.5e1", "green", "2031-12-31", "23:59:59", "20991231", "no", "77"},
      {"0.1", "3", "12", "2024-01-01 12:00", "00:00", "20240229", "1", "02"},
      {"1e-300", "-0", "red  ", "5 Jan 2024", "12:30:05.25", "20240101", "0", "abc"},
      {"3e38", "-3e38", "a text that no training row had and is long", "1970-01-01", "1:05", "19700101", "maybe",
       "3.0"}};
  return all;
}

TEST_F(RowPrediction, IsThatOfAFileWithTheRow) {
  for (const bool classes : {true, false}) {
    const Model model = trained(classes);
    ASSERT_EQ(model.encoder.inputs.size(), 8u);
    RowPredictor predictor(model);
    for (const Fields& fields : rows()) {
      const MatrixOf<double> expected = by_file(model, fields);
      const Prediction found = predictor.predict(fields);
      if (!classes) {
        EXPECT_EQ(found.number, expected(0, 0)) << fields[0];
        EXPECT_TRUE(found.probabilities.empty() && found.label.empty());
        continue;
      }
      EXPECT_TRUE(std::ranges::equal(found.probabilities, expected.row(0))) << fields[0];
      EXPECT_EQ(found.class_index, decide(model, expected.row(0)));
      EXPECT_EQ(found.label, model.encoder.labels[found.class_index]);
    }
  }
}

TEST_F(RowPrediction, NamedFieldsStandInAnyOrder) {
  const Model model = trained(true);
  RowPredictor predictor(model);
  const Prediction first = predictor.predict(rows()[0]);
  const std::vector<double> in_order(first.probabilities.begin(), first.probabilities.end());
  std::vector<NamedField> fields{{"y", "not read"}, {"unknown", "neither"}};
  for (std::size_t j = 8; j-- > 0;) fields.push_back({model.encoder.inputs[j].name, rows()[0][j]});
  EXPECT_TRUE(std::ranges::equal(predictor.predict(fields).probabilities, in_order));
  const auto message = [&](std::vector<NamedField> changed) {
    return testing::refusal([&] { predictor.predict(changed); }).what;
  };
  std::vector<NamedField> twice = fields, lacking = fields;
  twice.push_back({"x", "1"});
  lacking.pop_back();
  EXPECT_EQ(message(twice), "column \"x\": expected one field, found two");
  EXPECT_EQ(message(lacking), "column \"x\": expected a field, found none");
  EXPECT_TRUE(std::ranges::equal(predictor.predict(fields).probabilities, in_order)) << "after a refusal";
}

TEST_F(RowPrediction, NumbersAreFieldsThatAreNumbers) {
  const Model model = trained(true);
  RowPredictor predictor(model);
  const std::vector<double> numbers{1.5, 7, 3, kGap, kGap, 20240111, 1, 2};
  const Fields fields{"1.5", "7", "3", "", "", "20240111", "1", "2"};
  const MatrixOf<double> expected = by_file(model, fields);
  EXPECT_TRUE(std::ranges::equal(predictor.predict(numbers).probabilities, expected.row(0)));

  const Model images = model_samples::image_model();
  MatrixOf<double> pixels(1, 6), scores(1, 3);
  for (std::size_t j = 0; j < 6; ++j) pixels(0, j) = static_cast<double>(51 * j);
  Predictor(images).predict(pixels.view(), scores.view());
  RowPredictor of_images(images);
  EXPECT_TRUE(std::ranges::equal(of_images.predict(pixels.row(0)).probabilities, scores.row(0)));
}

TEST_F(RowPrediction, ATextAmongNumbersIsMissingWhereTheTrainingHadItSo) {
  const Model model = trained(false, "size");
  RowPredictor predictor(model);
  Fields fields = rows()[0];
  fields[1] = "much";
  EXPECT_EQ(predictor.predict(fields).number, by_file(model, fields)(0, 0));
  fields[0] = "much";
  EXPECT_THROW(predictor.predict(fields), Error);
}

TEST_F(RowPrediction, RefusesWhatAFileMayNotHaveAndNamesTheColumn) {
  const Model model = trained(true);
  RowPredictor predictor(model);
  const std::tuple<std::size_t, const char*, const char*> wrong[] = {
      {0, "much", "column \"x\": expected a number, found \"much\""},
      {1, "inf", "column \"size\": expected a finite number up to 3.4e38, found \"inf\""},
      {0, "1e39", "column \"x\": expected a finite number up to 3.4e38, found \"1e39\""},
      {2, "caf\xE9", "column \"kind\": expected text in UTF-8, found \"caf\\xe9\""},
      {3, "yesterday", "column \"day\": expected a date such as 2024-01-31, found \"yesterday\""},
      {4, "25:00", "column \"at\": expected a time such as 12:30, found \"25:00\""},
      {5, "20240231", "column \"compact\": expected a date such as 20240131, found \"20240231\""}};
  for (const auto& [j, text, reported] : wrong) {
    Fields fields = rows()[0];
    fields[j] = text;
    const testing::Refusal refused = testing::refusal([&] { predictor.predict(fields); });
    EXPECT_EQ(refused.category, ErrorCategory::input) << text;
    EXPECT_EQ(refused.what, reported);
    EXPECT_THROW(by_file(model, fields), Error) << text;
  }
  EXPECT_EQ(testing::refusal([&] { predictor.predict(Fields(7)); }).what, "fields of the row: expected 8, found 7");
  std::vector<double> numbers{1, 2, 3, kGap, kGap, kGap, 1, 1};
  numbers[0] = HUGE_VAL;
  EXPECT_EQ(testing::refusal([&] { predictor.predict(numbers); }).what,
            "column \"x\": expected a finite number up to 3.4e38, found inf");
  numbers[0] = 1;
  numbers[3] = 5;
  EXPECT_EQ(testing::refusal([&] { predictor.predict(numbers); }).what,
            "column \"day\": expected a date such as 2024-01-31, found 5");
}

TEST_F(RowPrediction, AllocatesNothing) {
  const Model model = trained(true);
  RowPredictor predictor(model);
  std::vector<NamedField> named;
  for (std::size_t j = 0; j < 8; ++j) named.push_back({model.encoder.inputs[j].name, rows()[0][j]});
  predictor.predict(rows()[0]);
  const std::size_t before = allocations;
  predictor.predict(rows()[0]);
  predictor.predict(named);
  EXPECT_EQ(allocations, before);
}

TEST_F(RowPrediction, EachThreadHasItsOwn) {
  const Model model = trained(false);
  std::vector<double> expected;
  for (const Fields& fields : rows()) expected.push_back(RowPredictor(model).predict(fields).number);
  std::vector<std::vector<double>> found(4);
  std::vector<std::thread> threads;
  for (std::vector<double>& mine : found)
    threads.emplace_back([&] {
      RowPredictor first(model), predictor = std::move(first);
      for (int round = 0; round < 20; ++round) {
        mine.clear();
        for (const Fields& fields : rows()) mine.push_back(predictor.predict(fields).number);
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& mine : found) EXPECT_EQ(mine, expected);
}

}  // namespace
}  // namespace chainrule::row_predictor_test
