// SPDX-License-Identifier: Apache-2.0
// The command check: text, document, samples, trained and fresh networks, failures and refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_check_test {
namespace {

using nlohmann::json;

class Check : public ::testing::Test {
 protected:
  void SetUp() override {
    dir.write("points.csv", points(true, false));
    ASSERT_EQ(run(dir, train_words({"-q", "--weight-decay", "0.01", "-o", "m.safetensors"})).code, 0);
  }
  json document(std::vector<std::string> words) const {
    words.insert(words.begin(), "check");
    words.push_back("--json");
    const Result result = run(dir, words);
    EXPECT_EQ(result.code, 0) << result.err;
    return json::parse(result.out);
  }

  Dir dir;
};

TEST_F(Check, OfAModel) {
  const json found = document({"m.safetensors", "points.csv"});
  EXPECT_EQ(found["schema"], 1);
  EXPECT_EQ(found["subject"], "model m.safetensors");
  EXPECT_EQ(found["network"], "2 -> 8 silu -> 3 identity, 51 parameters");
  EXPECT_EQ(found["weight_decay"], 0.01);  // as it was trained with
  EXPECT_EQ(found["rows"].size(), 32u);
  EXPECT_EQ(found["method"], "complex_step");
  EXPECT_EQ(found["checked"], 51);
  EXPECT_EQ(found["passed"], true);
  for (const json& tensor : found["derivatives"]) EXPECT_LE(tensor["error"].get<double>(), 1e-12) << tensor;
  ASSERT_EQ(found["engine"].size(), 4u);
  for (const json& tensor : found["engine"]) {
    EXPECT_LE(tensor["share"].get<double>(), 1);
    EXPECT_GT(tensor["share"].get<double>(), 0);  // it is not the reference itself
  }
  const auto verdict = [&](const std::string& fault, const std::string& location) {
    for (const json& check : found["faults"])
      if (check["fault"] == fault && check["place"] == location) return check["verdict"].get<std::string>();
    return std::string("not planted");
  };
  EXPECT_EQ(verdict("missing_mean", "the network"), "caught");
  EXPECT_EQ(verdict("decayed_bias", "dJ/db1"), "caught");
  EXPECT_EQ(verdict("transposed_weight", "delta2"), "caught");
  EXPECT_EQ(verdict("dropped_slope", "delta2"), "caught");
  EXPECT_EQ(verdict("dropped_slope", "delta3"), "no_effect");
  EXPECT_EQ(verdict("lost_smoothing", "the network"), "no_effect");
}

// All gradients before a last layer of zeros are zero: little is checked, and a warning is printed.
TEST_F(Check, OfATableStartsFromAReadableNetworkAndPrintsWhereItStartsAtZero) {
  EXPECT_EQ(document({"points.csv", "--most", "20"})["network"], "2 -> 128 silu -> 3 identity, 771 parameters");
  const Result tabular = run(dir, {"check", "points.csv", "--preset", "tabular", "--hidden", "4"});
  EXPECT_EQ(tabular.code, 0) << tabular.err;
  EXPECT_TRUE(contains(tabular.out, "\nnot proven: all derivatives of W1, b1 are 0 on these rows\n")) << tabular.out;
  EXPECT_TRUE(contains(tabular.err, "zero_output: the weights of the last layer are 0")) << tabular.err;
  EXPECT_FALSE(contains(run(dir, {"check", "points.csv"}).err, "zero_output"));
}

TEST_F(Check, TextHasTheSameNumbers) {
  const Result text = run(dir, {"check", "m.safetensors", "points.csv", "--row", "1"});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* const words :
       {"all 51 parameters", "complex-step derivatives", "  b2 ", "W2[", "float gradient of the training engine",
        "no effect  the network  the sum over the batch not divided by m  m is 1",
        "caught     delta2       f'(z) left out",
        "\npassed: 51 derivatives agree, the engine is within its rounding error bounds, "})
    EXPECT_NE(text.out.find(words), std::string::npos) << words << "\n" << text.out;
}

TEST_F(Check, OfZerosFails) {
  dir.write("points.csv", points(false, true));
  const std::vector<std::string> words{"check", "points.csv", "--hidden", "4", "--output-activation", "relu"};
  EXPECT_EQ(run(dir, words).code, 0);
  ASSERT_EQ(run(dir, train_words({"-q", "-o", "dead.safetensors", "--output-activation", "relu", "--optimizer", "sgd",
                                  "--lr", "30", "--restore-best=false", "--target-scaling", "none"}))
                .code,
            0);
  const Result dead = run(dir, {"check", "dead.safetensors", "points.csv"});
  EXPECT_EQ(dead.code, 5) << dead.out;
  EXPECT_TRUE(contains(dead.err, "expected derivatives other than 0")) << dead.err;
  EXPECT_TRUE(contains(dead.out, "\nfailed: ")) << dead.out;
  EXPECT_TRUE(
      json::parse(run(dir, {"check", "dead.safetensors", "points.csv", "--json"}).out)["derivatives"][0]["zero"]);
}

TEST_F(Check, OfAFreshNetwork) {
  const json found = document(
      {"points.csv", "--hidden", "6,5", "--activation", "relu", "--dropout", "0.5", "--row", "3,7-9", "--seed", "4"});
  EXPECT_EQ(found["subject"], "fresh network, seed 4");
  EXPECT_EQ(found["method"], "central_differences");
  EXPECT_EQ(found["rows"], (json{3, 7, 8, 9}));
  EXPECT_EQ(found["dropout_left_out"], true);
  EXPECT_EQ(found["weight_decay"], 0);
  EXPECT_EQ(found["derivatives"].size(), 6u);
}

TEST_F(Check, ASampleIsStated) {
  const json found = document({"points.csv", "--hidden", "30", "--most", "20"});
  EXPECT_EQ(found["parameters"], 183);
  EXPECT_EQ(found["chosen"], 20);
  EXPECT_GE(found["checked"].get<int>(), 20);
  EXPECT_LT(found["checked"].get<int>(), 60);  // plus at most one parameter for a planted fault
  const Result text = run(dir, {"check", "points.csv", "--hidden", "30", "--most", "20"});
  EXPECT_NE(text.out.find(" of 183 parameters: 20 sampled with seed 1 "), std::string::npos) << text.out;
  EXPECT_EQ(document({"points.csv", "--hidden", "30", "--most", "all"})["checked"], 183);
}

// z is 0 for every row: ReLU has a kink at each parameter, so nothing can be compared, and a check without comparisons
// must fail.
TEST_F(Check, ThatComparesNothingFails) {
  dir.write("line.csv", "x,y\n1,2\n2,4\n3,6\n4,8\n");
  FitOptions options;
  options.data.task = static_cast<int>(Task::number);
  options.hidden = {};
  options.output_activation = ActivationKind::relu;
  options.train.epochs = 1;
  Model model = fit(formats::load_table(dir.path("line.csv").string()), options).model;
  std::ranges::fill(model.network.parameters.flat(), 0.0f);
  formats::save_model(model, dir.path("dead.safetensors").string());
  const Result result = run(dir, {"check", "dead.safetensors", "line.csv", "-q"});
  EXPECT_EQ(result.code, 5);
  EXPECT_NE(result.out.find("\nfailed: gradient check: expected parameters to compare"), std::string::npos)
      << result.out;
  EXPECT_EQ(result.err,
            "chainrule: error: gradient check: expected parameters to compare, found a kink at each of them\n");
}

TEST_F(Check, RefusesWhatPlaysNoPart) {
  const auto expect_refused = [&](std::vector<std::string> words, const std::string& message) {
    words.insert(words.begin(), "check");
    const Result result = run(dir, words);
    EXPECT_EQ(result.code, 2) << message;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
  };
  expect_refused({"m.safetensors", "points.csv", "--hidden", "8"}, "--hidden: expected no MODEL together with it");
  expect_refused({"points.csv", "--epochs", "8"}, "check: unknown option \"--epochs\"");
  expect_refused({"points.csv", "--most", "0"}, "--most: expected a whole number from 1");
  expect_refused({"points.csv", "--row", "151"}, "--row: expected numbers from 1 to 150");
  expect_refused({}, "check: expected MODEL DATA, found no file");
}

}  // namespace
}  // namespace chainrule::cli_check_test
