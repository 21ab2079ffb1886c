// SPDX-License-Identifier: Apache-2.0
// diff: compares two models.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_diff_test {
namespace {

using Json = nlohmann::json;

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
  void train(const std::string& name, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"train", "points.csv", "--hidden", "4", "--epochs", "3", "--run", name};
    words.insert(words.end(), more.begin(), more.end());
    const Result result = run(*this, words);
    ASSERT_EQ(result.code, 0) << result.err;
  }
  Result diff(const std::vector<std::string>& more, int code = 0) const {
    std::vector<std::string> words{"diff"};
    words.insert(words.end(), more.begin(), more.end());
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, code) << result.err;
    return result;
  }
};

TEST(Diff, TheSameTrainingIsTheSame) {
  const Points dir;
  dir.train("a");
  dir.train("b", {"--threads", "1"});
  EXPECT_EQ(dir.diff({"runs/a", "runs/b/model.safetensors", "--expect-same"}).out,
            "identical: data, options, columns, weights (bit by bit), metrics\n");
  EXPECT_EQ(Json::parse(dir.diff({"runs/a", "runs/b", "--json"}).out)["same"], true);
}

TEST(Diff, NamesOptionsWeightsAndScores) {
  const Points dir;
  dir.train("a");
  dir.train("b", {"--lr", "0.01"});
  const Json found = Json::parse(dir.diff({"runs/a", "runs/b", "--json"}).out);
  EXPECT_EQ(found["same"], false);
  EXPECT_EQ(found["same_weights"], false);
  ASSERT_EQ(found["options"].size(), 1u);
  EXPECT_EQ(found["options"]["learning_rate"][1], "0.01");
  EXPECT_TRUE(found["columns"].empty());
  EXPECT_TRUE(found["shapes"].empty());
  EXPECT_FALSE(found["facts"].contains("data (sha256)"));
  const Model a = formats::load_model(dir.path("runs/a/model.safetensors")),
              b = formats::load_model(dir.path("runs/b/model.safetensors"));
  const auto weights = [](const Model& model) {
    return model.network.parameters.of(model.network.parameters.segments()[0]);
  };
  double largest = 0;
  std::size_t differ = 0;
  for (std::size_t i = 0; i < weights(a).size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(weights(b)[i]) - static_cast<double>(weights(a)[i])));
    differ += weights(a)[i] == weights(b)[i] ? 0 : 1;
  }
  EXPECT_EQ(found["tensors"][0]["name"], "0.weight");
  EXPECT_EQ(found["tensors"][0]["largest_difference"], largest);
  EXPECT_EQ(found["tensors"][0]["differ"], differ);
  EXPECT_NE(found["metrics"]["training/loss"][0], found["metrics"]["training/loss"][1]);
  const std::string text = dir.diff({"runs/a", "runs/b"}).out;
  for (const char* const part : {"learning_rate", "0.weight", "validation/accuracy", "largest difference"})
    EXPECT_TRUE(contains(text, part)) << text;
  EXPECT_TRUE(contains(dir.diff({"runs/a", "runs/b", "--expect-same"}, 5).err, "expected the same model as"));
}

TEST(Diff, FindsOtherDataColumnsAndShapes) {
  const Points dir;
  dir.train("a");
  dir.write("points.csv", points(false, true));
  dir.train("b", {"--hidden", "5"});
  const Json found = Json::parse(dir.diff({"runs/a", "runs/b", "--json"}).out);
  EXPECT_TRUE(found["facts"].contains("data (sha256)"));
  EXPECT_EQ(found["facts"]["target"], (Json{"kind", "price"}));
  EXPECT_EQ(found["shapes"]["0.weight"], (Json{"4 x 2", "5 x 2"}));
  EXPECT_EQ(found["metrics"]["training/rmse"][0], "(none)");
  EXPECT_EQ(dir.diff({"runs/a", "nothing.safetensors"}, 3).out, "");
}

}  // namespace
}  // namespace chainrule::cli_diff_test
