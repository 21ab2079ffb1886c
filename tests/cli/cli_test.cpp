// SPDX-License-Identifier: Apache-2.0
// The program: help, train, evaluate, predict, inspect, their documents and streams.
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "chainrule/base/version.h"
#include "chainrule/model/fingerprint.h"
#include "tests/support/cli_runner.h"
#include "tests/support/data_files.h"
#include "tests/support/library.h"

namespace chainrule::cli_test {
namespace {

using nlohmann::json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A folder with points.csv and a model of them.
struct Trained : Dir {
  explicit Trained(bool classes = true) {
    write("points.csv", points(classes, !classes));
    result = run(*this, train_words({"-o", "m.safetensors", "--json"}));
    EXPECT_EQ(result.code, 0) << result.err;
  }
  Result result;
};

TEST(Help, OpensWithWhatItDoesThenExamplesThenOptions) {
  const Dir dir;
  for (const std::string verb : {"train", "evaluate", "predict", "inspect"}) {
    const Result help = run(dir, {verb, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.err, "");
    EXPECT_EQ(help.out, run(dir, {"help", verb}).out);
    const std::size_t usage = help.out.find(std::string("Usage: chainrule ").append(verb)),
                      examples = help.out.find("Examples:"), options = help.out.find("Options");
    EXPECT_LT(usage, examples);
    EXPECT_LT(examples, options);
    EXPECT_LT(options, help.out.size());
    for (const std::string& line : lines_of(help.out)) EXPECT_LE(line.size(), 100u) << line;
  }
  const std::string help = run(dir, {"help", "train"}).out;
  for (const Option& option : option_table()) EXPECT_NE(help.find(option.name), std::string::npos) << option.name;
  EXPECT_NE(help.find(" [0.04; images: 0.002]"), std::string::npos);  // of the learning rate
  EXPECT_NE(help.find(" [0.9]"), std::string::npos);                  // of beta1, of both
  EXPECT_EQ(run(dir, {"--help"}).out, run(dir, {"help"}).out);
  EXPECT_EQ(run(dir, {"--version"}).out, std::string("chainrule ") + kVersion + "\n");
}

TEST(Help, ThePageInDocsIsWhatTheProgramPrints) {
  const Dir dir;
  EXPECT_EQ(run(dir, {"help", "--markdown"}).out, read_file(CHAINRULE_SOURCE_DIR "/docs/cli.md"))
      << "chainrule help --markdown > docs/cli.md";
}

TEST(Completion, CompletesVerbsOptionsAndValuesInBash) {
  const Dir dir;
  if (std::system("command -v bash >/dev/null") != 0) GTEST_SKIP() << "bash is not there";
  dir.write("chainrule.bash", run(dir, {"completion", "bash"}).out);
  const auto ask = [&](const std::string& words, int at) {
    dir.write("ask.bash", ". ./chainrule.bash\nCOMP_WORDS=(" + words + ")\nCOMP_CWORD=" + std::to_string(at) +
                              "\n_chainrule\necho \"${COMPREPLY[*]}\"\n");
    EXPECT_EQ(std::system(("cd '" + dir.path().string() + "' && bash ask.bash > reply").c_str()), 0);
    return dir.read("reply");
  };
  EXPECT_EQ(ask("chainrule tr", 1), "train\n");
  EXPECT_EQ(ask("chainrule train --epo", 2), "--epochs\n");
  EXPECT_EQ(ask("chainrule train --optimizer ad", 3), "adagrad adam adamw\n");
  EXPECT_EQ(ask("chainrule evaluate --epo", 2), "\n");
  EXPECT_EQ(ask("chainrule train ask", 2), "ask.bash\n");
}

TEST(Completion, CompletesVerbsOptionsAndValuesInFish) {
  const Dir dir;
  if (std::system("command -v fish >/dev/null") != 0) GTEST_SKIP() << "fish is not there";
  dir.write("chainrule.fish", run(dir, {"completion", "fish"}).out);
  const auto ask = [&](const std::string& line) {
    dir.write("ask.fish", "source chainrule.fish\ncomplete -C '" + line + "' | string split -f 1 \\t\ntrue\n");
    EXPECT_EQ(std::system(("cd '" + dir.path().string() + "' && HOME=$PWD fish --no-config ask.fish > reply").c_str()),
              0);
    return dir.read("reply");
  };
  EXPECT_EQ(ask("chainrule tr"), "train\n");
  EXPECT_EQ(ask("chainrule train --epo"), "--epochs\n");
  EXPECT_EQ(ask("chainrule train --optimizer ada"), "adagrad\nadam\nadamw\n");
  EXPECT_EQ(ask("chainrule evaluate --epo"), "");
  EXPECT_EQ(ask("chainrule completion z"), "zsh\n");
}

TEST(Completion, ZshParsesTheScript) {
  const Dir dir;
  if (std::system("command -v zsh >/dev/null") != 0) GTEST_SKIP() << "zsh is not there";
  dir.write("_chainrule", run(dir, {"completion", "zsh"}).out);
  EXPECT_EQ(std::system(("zsh -n '" + dir.path("_chainrule").string() + "'").c_str()), 0);
}

TEST(Completion, RefusesOtherShells) {
  const Dir dir;
  const Result result = run(dir, {"completion", "tcsh"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("expected bash, zsh or fish, found"), std::string::npos) << result.err;
}

TEST(Help, HasManualPagesMadeFromTheSameTables) {
  const Dir dir;
  const std::string whole = run(dir, {"help", "--man"}).out, train = run(dir, {"help", "--man", "train"}).out;
  EXPECT_EQ(whole.rfind(".TH CHAINRULE 1 \"\" \"Chainrule " + std::string(kVersion) + "\"", 0), 0u) << whole;
  EXPECT_NE(whole.find("\\fBchainrule\\-train\\fR(1)"), std::string::npos);
  EXPECT_NE(train.find("\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFILE\\fR\n"), std::string::npos);
  for (const Option& option : option_table()) {
    std::string name;
    for (const char c : option.name) name += c == '-' ? std::string("\\-") : std::string(1, c);
    EXPECT_NE(train.find(name), std::string::npos) << option.name;
  }
}

TEST(Train, WritesAModelAndMessagesOnStandardErrorOnly) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  const Result result = run(dir, train_words({"-o", "m.safetensors"}));
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "");
  for (const char* const part :
       {"network: 2 -> 8 silu -> 3", "rows: 135 for training, 15 for validation", "memory:", "epoch 30/30",
        "validation", "validation baseline: accuracy 0.", "weights_sha256: ", "written: m.safetensors"})
    EXPECT_NE(result.err.find(part), std::string::npos) << part << "\n" << result.err;
  EXPECT_EQ(result.err.find('\x1b'), std::string::npos);
  EXPECT_EQ(dir.listing().size(), 2u);
  const Model model = formats::load_model(dir.path("m.safetensors").string());
  EXPECT_NE(result.err.find(weights_sha256(model.network)), std::string::npos);
  EXPECT_EQ(model.encoder.labels.size(), 3u);

  const Result again = run(dir, train_words({"--output=again.safetensors", "--quiet"}));
  EXPECT_EQ(again.err, "");
  EXPECT_EQ(dir.read("again.safetensors"), dir.read("m.safetensors"));
}

TEST(Train, JsonIsOneDocumentWithTheResult) {
  const Trained dir;
  const json document = json::parse(dir.result.out);
  const Model model = formats::load_model(dir.path("m.safetensors").string());
  EXPECT_EQ(document["weights_sha256"], weights_sha256(model.network));
  EXPECT_EQ(document["epochs"], 30);
  EXPECT_EQ(document["steps"], 30 * 5);
  EXPECT_EQ(document["stop"], "epochs_done");
  EXPECT_GT(document["seconds"].get<double>(), 0);
  EXPECT_EQ(document["parameters"], 2 * 8 + 8 + 8 * 3 + 3);
  EXPECT_EQ(document["rows"]["training"], 135);
  EXPECT_EQ(document["model"], "m.safetensors");
  EXPECT_GT(document["metrics"]["training"]["accuracy"]["value"].get<double>(), 0.9);
  EXPECT_GT(document["metrics"]["validation"]["accuracy"]["value"].get<double>(), 0.9);
  EXPECT_LT(document["metrics"]["trivial"]["accuracy"]["value"].get<double>(), 0.5);
}

TEST(Train, TakesAValidationFileAndStandardInput) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  dir.write("other.csv", points(true, false, 30));
  const Result result = run(dir, train_words({"--validation", "other.csv", "--json", "-o", "m.safetensors"}));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["rows"], (json{{"training", 150}, {"validation", 30}, {"test", 0}}));
  Program piped(dir, {"train", "-", "--epochs", "3", "-o", "p.safetensors"});
  EXPECT_EQ(piped.input(points(true, false)).go().code, 0);
  EXPECT_TRUE(dir.has("p.safetensors"));
}

TEST(Train, FindsTheTargetOfAValidationFileAsOtherColumns) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  std::string reordered = "kind,more,y,x\n", bare;
  for (const std::string row : {"red,9,0.1,0.1", "green,9,0.2,4.2", "red,8,0.3,0.2"}) reordered += row + "\n";
  for (const std::string row : {"0.1,0.1,red", "4.2,0.2,green"}) bare += row + "\n";
  dir.write("reordered.csv", reordered);
  dir.write("bare.csv", bare);
  dir.write("without.csv", "x,y\n1,2\n");
  const auto train = [&](const std::string& file) {
    return run(dir, train_words({"--validation", file, "--force", "--json", "-o", "m.safetensors"}));
  };
  const Result by_name = train("reordered.csv"), by_column_number = train("bare.csv"), without = train("without.csv");
  ASSERT_EQ(by_name.code, 0) << by_name.err;
  EXPECT_EQ(json::parse(by_name.out)["rows"]["validation"], 3);
  EXPECT_EQ(json::parse(by_name.out)["metrics"]["validation"]["accuracy"]["value"], 1.0);
  ASSERT_EQ(by_column_number.code, 0) << by_column_number.err;
  EXPECT_EQ(json::parse(by_column_number.out)["metrics"]["validation"]["accuracy"]["value"], 1.0);
  EXPECT_EQ(without.code, 3) << without.err;
  EXPECT_NE(without.err.find("without.csv: missing column"), std::string::npos) << without.err;
}

TEST(Train, NewsOnATerminalAreABarElsewhereLines) {
  const Dir dir;
  dir.write("points.csv", points(true, false, 600));
  const auto trained = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"train", "points.csv", "--hidden", "16",           "--epochs",
                                   "60",    "--force",    "-o",       "m.safetensors"};
    words.insert(words.end(), more.begin(), more.end());
    return on_terminal(dir, words);
  };
  const std::string bar = trained({});
  if (bar == "(no terminal)") GTEST_SKIP() << "no pseudo-terminal";
  for (const char* const part : {"\r", "rows/s", " left", "%", "loss", "validation", "\x1b[32m"})
    EXPECT_NE(bar.find(part), std::string::npos) << part << "\n" << bar;
  EXPECT_EQ(trained({"--color", "never"}).find("\x1b[32m"), std::string::npos);
  EXPECT_EQ(trained({"-q"}), "");
  const Result lines = run(dir, {"train", "points.csv", "--hidden", "16", "--epochs", "60", "-o", "n.safetensors"});
  EXPECT_EQ(lines.err.find_first_of("\r\x1b"), std::string::npos);
  EXPECT_LT(lines_of(lines.err).size(), 30u) << "at most about a line per second";
  EXPECT_GE(
      lines_of(run(dir, {"train", "points.csv", "--hidden", "16", "--epochs", "60", "-v", "-o", "v.safetensors"}).err)
          .size(),
      60u);
}

TEST(Config, PrintedOptionsBringBackTheSame) {
  const Dir dir;
  const std::vector<std::string> words{"train",
                                       "--print-config",
                                       "--preset",
                                       "classic",
                                       "--hidden",
                                       "64,32",
                                       "--optimizer",
                                       "rmsprop",
                                       "--rho",
                                       "0.7",
                                       "--ignore",
                                       "a b",
                                       "--ignore",
                                       "c",
                                       "--no-shuffle",
                                       "--seed",
                                       "18446744073709551615",
                                       "--batch-size",
                                       "all"};
  const Result first = run(dir, words);
  ASSERT_EQ(first.code, 0) << first.err;
  dir.write("run.toml", first.out);
  EXPECT_EQ(run(dir, {"train", "--config", "run.toml", "--print-config"}).out, first.out);
  EXPECT_EQ(run(dir, {"train", "--print-config"}).out, run(dir, {"train", "--preset=tabular", "--print-config"}).out);
  for (const char* const line : {"hidden = [64, 32]", "rho = 0.7", "ignore = [\"a b\", \"c\"]", "shuffle = false"})
    EXPECT_NE(first.out.find(std::string(line) + "\n"), std::string::npos) << line;
  const std::string stronger = run(dir, {"train", "--config", "run.toml", "--lr=7", "--print-config"}).out;
  EXPECT_NE(stronger.find("learning_rate = 7\n"), std::string::npos);
  EXPECT_FALSE(dir.has("model.safetensors"));
}

// Tables and images have different default settings.
TEST(Config, TheDefaultPresetGoesByTheData) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  dir.write("t-images-idx3-ubyte", data_files::idx({3, 2, 2}, std::string(12, '\7')));
  dir.write("t-labels-idx1-ubyte", data_files::idx({3}, std::string("\0\1\0", 3)));
  const auto config = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"train", "--print-config"});
    const Result result = run(dir, words);
    EXPECT_EQ(result.code, 0) << result.err;
    return result.out;
  };
  const std::string tables = config({}), images = config({"t-images-idx3-ubyte"});
  EXPECT_NE(tables.find("preset = \"tabular\""), std::string::npos);
  EXPECT_NE(images.find("preset = \"fast\""), std::string::npos);
  EXPECT_EQ(config({"points.csv", "--preset", "tabular"}), tables);
  EXPECT_NE(config({"points.csv"}).find("preset = \"small\""), std::string::npos);
  EXPECT_EQ(config({"t-images-idx3-ubyte", "--preset", "tabular"}), tables);
  EXPECT_NE(config({"points.csv", "--hidden", "5"}).find("hidden = [5]"), std::string::npos);
  EXPECT_EQ(run(dir, {"train", "absent.csv", "--print-config"}).code, 3);
}

TEST(Config, TrainsAsTheFlagsWould) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  dir.write("run.toml", "preset = \"fast\"\nhidden = 8\nepochs = 30\nlr = 0.02\n");
  ASSERT_EQ(run(dir, train_words({"-o", "flags.safetensors"})).code, 0);
  ASSERT_EQ(run(dir, {"train", "points.csv", "--config", "run.toml", "-o", "file.safetensors"}).code, 0);
  EXPECT_EQ(dir.read("flags.safetensors"), dir.read("file.safetensors"));
}

TEST(Evaluate, MeasuresAndKnowsItsOwnTrainingRows) {
  const Trained dir;
  dir.write("other.csv", points(true, false, 60));
  const Result text = run(dir, {"evaluate", "m.safetensors", "other.csv"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("accuracy"), std::string::npos);
  EXPECT_NE(text.out.find("blue, \"deep\""), std::string::npos) << text.out;
  EXPECT_EQ(text.err.find("warning"), std::string::npos) << text.err;
  const json other = json::parse(run(dir, {"evaluate", "--json", "m.safetensors", "other.csv"}).out);
  EXPECT_EQ(other["rows"], 60);
  EXPECT_EQ(other["trained_on_these_rows"], false);
  EXPECT_GT(other["metrics"]["accuracy"]["value"].get<double>(), 0.9);
  EXPECT_GE(other["metrics"]["log_loss"]["value"].get<double>(), 0);
  std::uint64_t counted = 0;
  for (const json& row : other["confusion_matrix"])
    for (const json& count : row) counted += count.get<std::uint64_t>();
  EXPECT_EQ(counted, 60u);

  const Result same = run(dir, {"evaluate", "m.safetensors", "points.csv", "--json"});
  EXPECT_NE(same.err.find("the file that the model was trained on"), std::string::npos);
  EXPECT_EQ(json::parse(same.out)["trained_on_these_rows"], true);
}

TEST(Evaluate, FailsWhereAMetricMissesItsBound) {
  const Trained dir;
  const auto code = [&](const std::string& flag, const std::string& demand) {
    return run(dir, {"evaluate", "m.safetensors", "points.csv", flag, demand}).code;
  };
  EXPECT_EQ(code("--fail-under", "accuracy=0.5"), 0);
  EXPECT_EQ(code("--fail-under", "accuracy=1.01"), 5);
  EXPECT_EQ(code("--fail-over", "log_loss=0"), 5);
  EXPECT_EQ(code("--fail-over", "log_loss=100"), 0);
  EXPECT_EQ(code("--fail-under", "log_loss=0.1"), 2) << "small is good here";
  EXPECT_EQ(code("--fail-under", "rmse=1"), 2);
  EXPECT_EQ(code("--fail-over", "rmse=1"), 2) << "no metric of classes";
  EXPECT_EQ(code("--fail-under", "accurac=1"), 2);
  EXPECT_EQ(code("--fail-under", "accuracy"), 2);
  const Result both = run(dir, {"evaluate", "m.safetensors", "points.csv", "--fail-under", "accuracy=2",
                                "--fail-under=f1_macro=0", "--json"});
  EXPECT_EQ(both.code, 5);
  EXPECT_NE(both.err.find("accuracy: expected at least 2, found "), std::string::npos) << both.err;
  EXPECT_EQ(json::parse(both.out)["rows"], 150) << "the document is written all the same";
}

TEST(Predict, GivesClassesAsTheyWereWritten) {
  const Trained dir;
  dir.write("new.csv", "y,extra,x\n0.1,7,0.1\n3.2,7,2.1\n0.2,7,4.2\n");  // other order, more columns, no target
  const Result csv = run(dir, {"predict", "m.safetensors", "new.csv"});
  ASSERT_EQ(csv.code, 0) << csv.err;
  const std::vector<std::string> lines = lines_of(csv.out);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "prediction,\"probability_blue, \"\"deep\"\"\",probability_green,probability_red");
  EXPECT_EQ(lines[1].substr(0, 4), "red,");
  EXPECT_EQ(lines[2].substr(0, 18), "\"blue, \"\"deep\"\"\",0");
  EXPECT_EQ(lines[3].substr(0, 6), "green,");

  const Result rows = run(dir, {"predict", "--json", "m.safetensors", "new.csv", "-o", "predictions.jsonl"});
  EXPECT_EQ(rows.out, "");
  const std::vector<std::string> documents = lines_of(dir.read("predictions.jsonl"));
  ASSERT_EQ(documents.size(), 3u);
  const json second = json::parse(documents[1]);
  EXPECT_EQ(second["prediction"], "blue, \"deep\"");
  double sum = 0;
  for (const auto& [label, probability] : second["probabilities"].items()) sum += probability.get<double>();
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(Predict, GivesNumbersInTheirOwnUnit) {
  const Trained dir(false);
  const Result result = run(dir, {"predict", "m.safetensors", "points.csv", "-o", "-"});
  ASSERT_EQ(result.code, 0) << result.err;
  const std::vector<std::string> lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 151u);
  EXPECT_EQ(lines[0], "prediction");
  EXPECT_NEAR(std::stod(lines[1]), 1000, 50);
  const json measured = json::parse(run(dir, {"evaluate", "m.safetensors", "points.csv", "--json"}).out);
  EXPECT_GT(measured["metrics"]["r2"]["value"].get<double>(), 0.9);
  EXPECT_EQ(measured["task"], "number");
}

TEST(Inspect, ShowsDataAndModels) {
  const Trained dir;
  const Result table = run(dir, {"inspect", "points.csv"});
  EXPECT_EQ(table.code, 0);
  for (const char* const part :
       {"150 rows, 3 columns", "x", "number", "text", "3 classes", "2 -> 256 mish -> 256 mish -> 256 mish -> 3"})
    EXPECT_NE(table.out.find(part), std::string::npos) << part << "\n" << table.out;
  const json columns = json::parse(run(dir, {"inspect", "points.csv", "--json"}).out)["columns"];
  EXPECT_EQ(columns[0]["name"], "x");
  EXPECT_EQ(columns[0]["smallest"], 0.0);
  EXPECT_EQ(columns[2]["kind"], "text");

  const Result model = run(dir, {"inspect", "m.safetensors"});
  for (const char* const part :
       {"2 -> 8 silu -> 3 identity, 51 parameters", "0.weight", "8 x 2", "seed = 1", "accuracy"})
    EXPECT_NE(model.out.find(part), std::string::npos) << part << "\n" << model.out;
  const json document = json::parse(run(dir, {"inspect", "m.safetensors", "--json"}).out);
  EXPECT_EQ(document["weights_sha256"], json::parse(dir.result.out)["weights_sha256"]);
  EXPECT_EQ(document["configuration"]["hidden"], "8");

  dir.write("words.csv", "a;b\n1;1\n2;2\n3;1\n4,567;2\n");
  const Result refused = run(dir, {"inspect", "words.csv"});
  EXPECT_EQ(refused.code, 0);
  EXPECT_NE(refused.out.find("would be refused"), std::string::npos) << refused.out;
}

TEST(Reading, HeaderAndDelimiterCanBeSet) {
  const Dir dir;
  dir.write("bare.csv", "1;2;0\n2;3;1\n3;4;0\n4;5;1\n");
  const auto columns = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"inspect", "bare.csv", "--json"});
    return json::parse(run(dir, words).out);
  };
  EXPECT_EQ(columns({"--no-header"})["rows"], 4);
  EXPECT_EQ(columns({"--header", "--delimiter", "semicolon"})["rows"], 3);
  EXPECT_EQ(columns({"--delimiter=semicolon"})["columns"].size(), 3u);
}

}  // namespace
}  // namespace chainrule::cli_test
