// SPDX-License-Identifier: Apache-2.0
// The command explain: text, the path of one number, the document, rows, fresh networks and refusals.
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"
#include "tests/support/recompute.h"

namespace chainrule::cli_explain_test {
namespace {

using nlohmann::json;

struct Trained : Dir {
  explicit Trained(bool classes = true) {
    write("points.csv", points(classes, !classes));
    EXPECT_EQ(run(*this, train_words({"-o", "m.safetensors", "-q", "--weight-decay", "0.01"})).code, 0);
  }
};

// The number in this column of the line that begins with `name`, or of the one below it.
double number_of(const std::string& text, const std::string& name, std::size_t column) {
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return NAN;
  std::istringstream lines(text.substr(at + 1));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    std::vector<double> numbers;
    for (std::size_t k = words.size() - std::min<std::size_t>(words.size(), 3); k < words.size(); ++k) {
      char* end = nullptr;
      numbers.push_back(std::strtod(words[k].c_str(), &end));
      if (*end != 0) numbers.clear();
    }
    if (numbers.size() == 3) return numbers[column];
  }
  return NAN;
}

TEST(Explain, TheDocumentRecomputesFromRawInputsToTheUpdate) {
  const Trained dir;
  const Result result =
      run(dir, {"explain", "m.safetensors", "points.csv", "--row", "17,3-5", "--steps", "2", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const json document = json::parse(result.out);
  EXPECT_EQ(document["rows"], json({17, 3, 4, 5}));
  EXPECT_EQ(document["columns"][0]["name"], "x");
  EXPECT_EQ(document["raw_targets"].size(), 4u);
  EXPECT_EQ(document["optimizer"]["name"], "adam");
  EXPECT_EQ(document["weight_decay"], 0.01);
  EXPECT_TRUE(document["within_bounds"].get<bool>());
  EXPECT_EQ(document["steps"].size(), 2u);
  const recompute::Result recomputed = recompute::whole(result.out);
  EXPECT_GT(recomputed.numbers, 500u);
  EXPECT_TRUE(recomputed.wrong.empty()) << recomputed.wrong[0];
}

TEST(Explain, TheDocumentRecomputesWhateverTheScaling) {
  Dir dir;
  dir.write("points.csv", points(false, true));
  for (const std::string scaling : {"robust", "quantile"}) {
    const Result result = run(dir, {"explain", "points.csv", "--preset", "tabular", "--hidden", "4", "--scaling",
                                    scaling, "--row", "1-150", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const recompute::Result recomputed = recompute::whole(result.out);
    EXPECT_GT(recomputed.numbers, 3000u);
    EXPECT_TRUE(recomputed.wrong.empty()) << scaling << ": " << recomputed.wrong[0];
  }
}

TEST(Explain, TheTextShowsWhatTheDocumentHolds) {
  const Trained dir;
  const Result text = run(dir, {"explain", "m.safetensors", "points.csv", "--row", "2"});
  ASSERT_EQ(text.code, 0) << text.err;
  const json document = json::parse(run(dir, {"explain", "m.safetensors", "points.csv", "--row", "2", "--json"}).out);
  // These keep the names of version 0.1.0 in the document.
  const std::map<std::string, std::string> in_text{
      {"share", "row_weight"}, {"slope2", "f_prime2"}, {"slope3", "f_prime3"}};
  std::size_t renamed = 0;
  for (const json& tensor : document["steps"][0]["tensors"]) {
    const auto found = in_text.find(tensor["name"]);
    const std::string name = found == in_text.end() ? tensor["name"].get<std::string>() : found->second;
    renamed += found != in_text.end();
    EXPECT_TRUE(contains(text.out, "\n  " + name)) << name;
    const bool is_matrix = name.find("W") != std::string::npos;
    const bool is_scalar = tensor["rows"] == 1 && tensor["columns"] == 1;
    const std::string first = "\n    " + name + (is_scalar ? "" : is_matrix ? "[1,1]" : "[1]");
    const double engine = tensor["engine"][0], reference = tensor["truth"][0];
    if (name.starts_with("first_") || name.starts_with("second_"))
      if (!name.ends_with("_after")) continue;  // "all 0"
    EXPECT_NEAR(number_of(text.out, first, 0), engine, 1e-6 * std::abs(engine)) << name;
    EXPECT_NEAR(number_of(text.out, first, 1), reference, 1e-9 * std::abs(reference)) << name;
  }
  EXPECT_EQ(renamed, in_text.size());
  const Result by_name = run(dir, {"explain", "m.safetensors", "points.csv", "--row", "2", "--parameter", "slope3[1]"});
  EXPECT_TRUE(contains(by_name.out, "f_prime3[1] = ")) << by_name.out << by_name.err;
  EXPECT_TRUE(contains(text.err, "model m.safetensors"));
}

TEST(Explain, ThePathOfAWeightGoesDownToTheInputs) {
  const Trained dir;
  const Result path = run(dir, {"explain", "m.safetensors", "points.csv", "--parameter", "W2[3,1]"});
  ASSERT_EQ(path.code, 0) << path.err;
  for (const char* const line :
       {"W2_after[3,1] = W2[3,1] - ", "dW2[3,1] = delta3[3] * a2[1]", "delta3[3] = d_a3[3] * f_prime3[3]",
        "a2[1] = silu(z2[1])", "z2[1] = W1[1,1] * a1[1] + W1[1,2] * a1[2] + b1[1]", "a1[2]  y = ("})
    EXPECT_TRUE(contains(path.out, line)) << line << '\n' << path.out;
}

TEST(Explain, EveryPrintedNameIsAcceptedAsParameter) {
  const Trained dir;
  const Result path =
      run(dir, {"explain", "m.safetensors", "points.csv", "--row", "3,17", "--parameter", "delta2[3; row 17]"});
  EXPECT_EQ(path.code, 0) << path.err;
  EXPECT_TRUE(contains(path.out, "delta2[3; row 17] = d_a2[3; row 17] * f_prime2[3; row 17]  (14, 17, 21)"))
      << path.out;
}

TEST(Explain, ALossMustSuitTheModel) {
  const Trained numbers(false);
  EXPECT_EQ(run(numbers, {"explain", "m.safetensors", "points.csv", "--loss", "softmax_cross_entropy"}).code, 2);
  const Trained classes;
  const Result kept = run(classes, {"explain", "m.safetensors", "points.csv", "--loss", "auto"});
  EXPECT_EQ(kept.code, 0);
  EXPECT_TRUE(contains(kept.out, "loss softmax_cross_entropy"));
}

TEST(Explain, EachRowShowsItsFirstNumbers) {
  const Trained dir;
  const Result result = run(dir, {"explain", "m.safetensors", "points.csv", "--row", "3,17", "--most", "4"});
  EXPECT_TRUE(contains(result.out, "z2[4; row 3]"));
  EXPECT_FALSE(contains(result.out, "z2[5; row 3]"));
  EXPECT_TRUE(contains(result.out, "    ... 4 more of row 3\n    z2[1; row 17]"));
}

TEST(Explain, ADivergingStepIsNoDefectOfTheEngine) {
  const Trained dir;
  const Result result = run(dir, {"explain", "m.safetensors", "points.csv", "--lr", "1e300"});
  EXPECT_EQ(result.code, 4) << result.err;
  EXPECT_TRUE(contains(result.err, "expected finite numbers")) << result.err;
}

TEST(Explain, ShowsOneLayerAndOneUnit) {
  const Trained dir;
  const Result result = run(dir, {"explain", "m.safetensors", "points.csv", "--layer", "2", "--unit", "5"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "z2[5] = "));
  EXPECT_TRUE(contains(result.out, "W1[5,2]"));
  EXPECT_FALSE(contains(result.out, "z2[4]"));
  EXPECT_FALSE(contains(result.out, "z3["));
}

TEST(Explain, CountsWhatItLeavesOut) {
  const Trained dir;
  const Result result = run(dir, {"explain", "m.safetensors", "points.csv", "--most", "3"});
  EXPECT_TRUE(contains(result.out, "W1[2,1]"));
  EXPECT_FALSE(contains(result.out, "W1[2,2]"));
  EXPECT_TRUE(contains(result.out, "    ... 13 more\n"));  // of 16
}

TEST(Explain, AFreshNetworkIsTheOneThatTrainStartsFrom) {
  const Dir dir;
  dir.write("points.csv", points(false, true));
  const std::vector<std::string> network{"--hidden",    "3",   "--activation", "sigmoid",
                                         "--optimizer", "sgd", "--seed",       "5"};
  std::vector<std::string> words{"explain", "points.csv", "--json", "--validation-split", "0", "--row", "1-150"};
  words.insert(words.end(), network.begin(), network.end());
  const Result explained = run(dir, words);
  ASSERT_EQ(explained.code, 0) << explained.err;
  words = {"train", "points.csv", "--preset", "fast",         "--epochs",           "1", "--batch-size",
           "all",   "--schedule", "constant", "--no-shuffle", "--validation-split", "0", "-q"};
  words.insert(words.end(), network.begin(), network.end());
  ASSERT_EQ(run(dir, words).code, 0);
  const Model model = formats::load_model(dir.path("model.safetensors").string());
  const json document = json::parse(explained.out);
  for (const json& tensor : document["steps"][0]["tensors"]) {
    const std::string name = tensor["name"];
    if (!name.ends_with("_after") || (name[0] != 'W' && name[0] != 'b')) continue;
    const std::size_t layer = static_cast<std::size_t>(name[1] - '1');
    const std::vector<Segment>& segments = model.network.parameters.segments();
    const Segment& segment = segments[layer + (name[0] == 'b' ? segments.size() / 2 : 0)];
    const std::vector<float> trained = in_rows(model.network.parameters, segment);
    EXPECT_TRUE(std::ranges::equal(trained, tensor["engine"].get<std::vector<double>>())) << name;  // bit by bit
  }
}

TEST(Explain, TextFitsItsTerminalAndIsColoredOnRequest) {
  const Trained dir;
  const Result plain = run(dir, {"explain", "m.safetensors", "points.csv"});
  EXPECT_FALSE(contains(plain.out, "\x1b["));
  EXPECT_TRUE(contains(run(dir, {"explain", "m.safetensors", "points.csv", "--color", "always"}).out, "\x1b["));
  std::istringstream lines(plain.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Explain, RefusesWhatIsNotThere) {
  const Trained dir;
  const auto refused = [&](std::vector<std::string> more, const std::string& message) {
    std::vector<std::string> words{"explain", "m.safetensors", "points.csv"};
    words.insert(words.end(), more.begin(), more.end());
    const Result result = run(dir, words);
    EXPECT_EQ(result.code, 2) << message;
    EXPECT_EQ(result.out, "") << message;
    EXPECT_TRUE(contains(result.err, message)) << result.err;
  };
  refused({"--row", "151"}, "--row: expected numbers from 1 to 150 such as 17, 1-5 or 3,7, found \"151\"");
  refused({"--row", "5-2"}, "found \"5-2\"");
  refused({"--steps", "0"}, "--steps: expected a whole number from 1 to 1000, found \"0\"");
  refused({"--layer", "4"}, "--layer: expected 1 to 3, found 4");
  refused({"--layer", "3", "--unit", "4"}, "--unit: expected 1 to 3, found 4");
  refused({"--parameter", "W3[1,1]"}, "--parameter: expected a quantity of the step");
  refused({"--parameter", "W1[9,1]"}, "--parameter: expected an index within W1, which is 8 x 2, found \"W1[9,1]\"");
  for (const char* const garbage : {"W1[1x1]", "W1[1,1]x", "W1[1,1", "W1[5]", "W1", "b1[2,1]", "z2[1; row 9]",
                                    "loss[1]", "W1[99999999999999999999,1]", "W1[0,1]", "W1[]"})
    refused({"--parameter", garbage}, std::string("found \"") + garbage);
  refused({"--parameter", "W1[1,1]", "--json"}, "--json: expected no --parameter together with it");
  refused({"--parameter", "W1[1,1]", "--layer", "2"}, "--parameter: expected no --layer together with it");
  refused({"--hidden", "4"}, "--hidden: expected no MODEL together with it, found \"m.safetensors\"");
  refused({"--epochs", "4"}, "unknown option \"--epochs\"");
}

}  // namespace
}  // namespace chainrule::cli_explain_test
