// SPDX-License-Identifier: Apache-2.0
// The texts of the program: errors, and notes and warnings about data and options.
#include <regex.h>  // not <regex>: g++ 12 warns of it under the address sanitizer

#include "tests/support/cli_runner.h"

namespace chainrule::cli_messages_test {
namespace {

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
  // The text on standard error; the exit code must be `code`.
  std::string messages_of(std::vector<std::string> words, int code = 0) const {
    const std::string shown = ::testing::PrintToString(words);
    const Result result = run(*this, std::move(words));
    EXPECT_EQ(result.code, code) << shown << "\n" << result.err;
    return result.err;
  }
  // The same for a short training.
  std::string trained(std::vector<std::string> more, int code = 0, const std::string& data = "points.csv") const {
    std::vector<std::string> words{"train",    data, "--preset", "fast",          "--epochs", "1",
                                   "--hidden", "2",  "-o",       "m.safetensors", "--force"};
    words.insert(words.end(), more.begin(), more.end());
    return messages_of(words, code);
  }
};

void expect_in(const std::string& text, const std::string& all) {
  EXPECT_NE(all.find(text), std::string::npos) << "expected: " << text << "\n" << all;
}
void expect_not_in(const std::string& text, const std::string& all) {
  EXPECT_EQ(all.find(text), std::string::npos) << "not expected: " << text << "\n" << all;
}

TEST(NoEffect, IsRefusedOrReported) {
  const Points dir;
  const std::string idle = ": expected a number as target, found classes";
  expect_in("--target-scaling" + idle, dir.trained({"--target-scaling", "standard"}, 2));
  expect_in("--clamp-predictions" + idle, dir.trained({"--clamp-predictions"}, 2));
  dir.trained({"--target-scaling", "none", "--no-clamp-predictions"});
  dir.trained({"--preset", "classic"});
  for (const char* const flag : {"--target=x", "--no-header", "--delimiter=comma", "--labels=y"})
    expect_in("expected a data file, found a model", dir.messages_of({"inspect", "m.safetensors", flag}, 2));
  expect_in("--json: expected no --print-config together with it",
            dir.messages_of({"train", "--print-config", "--json"}, 2));
}

// The preset sets label smoothing 0.03, for classes.
TEST(NoEffect, OfAValueEqualToThePresetIsRefusedWhenRequested) {
  const Points dir;
  const std::vector<std::string> number{"--preset=tabular", "--target=x", "--ignore=kind"};
  const auto trained = [&](std::vector<std::string> more, int code) {
    more.insert(more.begin(), number.begin(), number.end());
    return dir.trained(more, code);
  };
  const std::string refused = ": expected classes as target, found a number";
  trained({}, 0);
  expect_in("--label-smoothing" + refused, trained({"--label-smoothing", "0.03"}, 2));
  dir.write("own.toml", "label_smoothing = 0.03\n");
  expect_in("own.toml:1: label_smoothing" + refused, trained({"--config", "own.toml"}, 2));
  // A printed configuration has the value too, and says that nobody requested it.
  const Result printed = run(dir, {"train", "--print-config", "--preset=tabular", "--target=x", "--patience=0"});
  expect_in("\nlabel_smoothing = 0.03\n", printed.out);
  expect_in("\nrequested = [\"target\", \"patience\"]\n", printed.out);
  dir.write("printed.toml", printed.out);
  trained({"--config", "printed.toml"}, 0);
  expect_in("--label-smoothing" + refused, trained({"--config", "printed.toml", "--label-smoothing", "0.03"}, 2));
  dir.write("wrong.toml", "requested = [\"epoch\"]\n");
  expect_in("wrong.toml:1: requested: unknown option \"epoch\"", trained({"--config", "wrong.toml"}, 2));
  expect_in("--momentum: expected optimizer momentum or nesterov", trained({"--momentum=0.9"}, 2));
}

// Peak memory of the program in MiB, and its printed estimate.
struct Memory {
  double peak = 0, reported = 0;
};
Memory memory_of(const Dir& dir, const std::string& data) {
  Program program(dir, {"train", data, "--epochs", "1", "--hidden", "4", "-o", "m.safetensors", "--force"});
  program.start();
  std::string status;
  Memory memory;
  // The peak is read while the program lives; a zombie has none.
  while (program.is_running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::istringstream in(read_file("/proc/" + std::to_string(program.pid()) + "/status"));
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("VmHWM:")) memory.peak = std::stod(line.substr(6)) / 1024;
  }
  const Result result = program.wait();
  EXPECT_EQ(result.code, 0) << result.err;
  const std::size_t at = result.err.find("memory: about ");
  if (at == std::string::npos) return memory;
  memory.reported = std::stod(result.err.substr(at + 14));
  expect_in(" MiB", result.err.substr(at, 40));
  return memory;
}

TEST(Memory, IsEstimatedWithTheTable) {
  const Dir dir;
  dir.write("small.csv", points(true, false));
  const Memory small = memory_of(dir, "small.csv");
  if (small.peak == 0 || small.peak > 30) GTEST_SKIP() << "/proc does not tell, or a sanitizer needs more";
  std::string wide;
  for (std::size_t row = 0; row < 40000; ++row) {
    for (std::size_t column = 0; column < 20; ++column) wide += std::to_string(row * (column + 1) % 1009) + ",";
    wide += row % 2 == 0 ? "even\n" : "odd\n";
  }
  dir.write("wide.csv", wide);
  const std::string dimensions("\0\0\x08\x03\0\0\x4e\x20\0\0\0\x1c\0\0\0\x1c", 16);  // 20000 images of 28 x 28
  std::string images, labels("\0\0\x08\x01\0\0\x4e\x20", 8);
  for (std::size_t i = 0; i < 20000; ++i) labels += static_cast<char>(i % 10);
  for (std::size_t i = 0; i < 20000 * 784; ++i) images += static_cast<char>(i % 251);
  dir.write("images-idx3-ubyte", dimensions + images);
  dir.write("labels-idx1-ubyte", labels);
  for (const char* const data : {"wide.csv", "images-idx3-ubyte"}) {
    const Memory memory = memory_of(dir, data);
    EXPECT_NEAR(memory.reported, memory.peak, 0.1 * memory.peak) << data;
  }
}

TEST(HoldOut, SmallerThanRequestedIsExplained) {
  const Points dir;
  std::string ids = "x,id\n", pairs = "x,pair\n";
  for (int row = 0; row < 40; ++row) {
    ids += std::to_string(row * 7 % 11) + ",n" + std::to_string(row) + "\n";
    pairs += std::to_string(row * 7 % 11) + ",n" + std::to_string(row / 2) + "\n";
  }
  dir.write("ids.csv", ids);
  dir.write("pairs.csv", pairs);
  const std::string messages = dir.trained({}, 0, "ids.csv");
  expect_in("no validation rows: every class of \"id\" has one row, which training needs", messages);
  expect_in("warning: 40 classes of \"id\" in 40 rows: is it an ID", messages);
  expect_not_in("no validation rows", dir.trained({"--validation-split", "0"}, 0, "ids.csv"));
  const std::string half = dir.trained({"--validation-split", "0.8"}, 0, "pairs.csv");
  expect_in("20 of 40 rows are validation rows, not 32: training needs one row of every class of \"pair\"", half);
  expect_not_in("warning: 2", half);
  expect_not_in("training needs", dir.trained({}));
}

TEST(Notes, OfTwoFilesNameTheirFile) {
  const Points dir;
  dir.write("other.csv", points(true, false, 30));
  const std::string messages = dir.trained({"--validation", "other.csv"});
  expect_in("points.csv: first line taken as header", messages);
  expect_in("other.csv: first line taken as header", messages);
  expect_not_in("points.csv", dir.trained({}));
}

TEST(Numbers, AreShownAsTheyAre) {
  const Points dir;
  expect_in("found 1000004000000\n", dir.trained({"--hidden", "1000000,1000000"}, 2));
}

TEST(Bar, LeavesOutWholeFieldsThatDoNotFit) {
  const Dir dir;
  dir.write("points.csv", points(true, false, 600));
  const char* const fields =
      "^epoch [0-9]+/60 (\\[=*>? *\\] )?[0-9]+%(  loss [0-9.e-]+(  validation [0-9.e-]+)?(  [0-9]+ rows/s, [0-9:]+ "
      "left)?)?$";
  regex_t whole;
  ASSERT_EQ(regcomp(&whole, fields, REG_EXTENDED | REG_NOSUB), 0);
  for (const int columns : {20, 30, 45, 60, 70, 80, 120}) {
    const std::string messages =
        on_terminal(dir, {"train", "points.csv", "--hidden", "16", "--epochs", "60", "--force", "--color", "never"},
                    static_cast<unsigned short>(columns));
    if (messages == "(no terminal)") GTEST_SKIP() << "no pseudo-terminal";
    std::size_t bars = 0;
    for (std::size_t at = messages.find("\repoch"); at != std::string::npos; at = messages.find("\repoch", at + 1)) {
      const std::string bar = messages.substr(at + 1, messages.find('\x1b', at) - at - 1);
      EXPECT_LT(bar.size(), static_cast<std::size_t>(columns)) << bar;
      EXPECT_EQ(regexec(&whole, bar.c_str(), 0, nullptr, 0), 0) << columns << ": " << bar;
      ++bars;
    }
    EXPECT_GT(bars, 0u) << columns;
  }
  regfree(&whole);
}

TEST(Rows, AreNamedByFileAndLine) {
  const Points dir;
  dir.trained({"--hidden", "64", "--initial-weights", "normal"});
  dir.write("far.csv", "x,y\n0,0\n\n1,1\n3e38,3e38\n2,2\n");
  expect_in("far.csv:5: output 1 of the network is not finite",
            dir.messages_of({"predict", "m.safetensors", "far.csv", "-o", "predictions.csv"}, 4));
  EXPECT_FALSE(dir.has("predictions.csv"));
  dir.write("unseen.csv", "x,y,kind\n1,2,red\n\n1,2,purple\n");
  expect_in("unseen.csv:4: column \"kind\": expected a class of the model",
            dir.messages_of({"evaluate", "m.safetensors", "unseen.csv"}, 3));
  expect_in("warning: 1 of 2 rows has a class that the model does not know, such as \"purple\", and is left out ",
            dir.messages_of({"evaluate", "m.safetensors", "unseen.csv", "--bad-fields", "missing"}, 0));
  dir.write("weights.csv", "x,w,kind\n1,2,red\n2,-1,green\n");
  expect_in("weights.csv:3: column \"w\": expected a sample weight >= 0",
            dir.trained({"--weight", "w"}, 3, "weights.csv"));
}

TEST(LearningRate, IsReportedInDetail) {
  const Points dir;
  const std::string messages = dir.trained({"--epochs", "4", "-v", "--schedule", "constant", "--lr", "1e-30",
                                            "--plateau-patience", "1", "--plateau-factor", "0.5"});
  expect_in("  learning rate 1e-30\nepoch 2/4", messages);
  expect_in("loss has not improved: the learning rate is multiplied by 0.5 from now on\nepoch 3/4", messages);
  expect_in("  learning rate 5e-31\n", messages);
  expect_in("warning: warmup_epochs 4 is not below epochs 4", dir.trained({"--epochs", "4", "--warmup-epochs", "4"}));
  expect_not_in("warmup", dir.trained({"--epochs", "5", "--warmup-epochs", "4"}));
}

TEST(TrainingRows, AreRecognisedWithColumnsInAnotherOrder) {
  const Points dir;
  dir.write("points.csv", "x,unread,y,kind\n1,5,2,red\n2,5,1,green\n3,5,1,green\n4,5,2,red\n");
  dir.write("reordered.csv", "kind,y,x\nred,2,1\ngreen,1,2\ngreen,1,3\nred,2,4\n");
  dir.write("swapped.csv", "kind,x,y\nred,2,1\ngreen,1,2\ngreen,1,3\nred,2,4\n");
  dir.trained({"--ignore", "unread"});
  const std::string known = "the file that the model was trained on";
  expect_in(known, dir.messages_of({"evaluate", "m.safetensors", "reordered.csv"}));
  expect_not_in(known, dir.messages_of({"evaluate", "m.safetensors", "swapped.csv"}));
  const std::string same = "warning: the validation rows are the training rows";
  expect_in(same, dir.trained({"--ignore", "unread", "--validation", "reordered.csv"}));
  expect_not_in(same, dir.trained({"--ignore", "unread", "--validation", "swapped.csv"}));
}

TEST(Errors, NameTheOptionAsItWasSet) {
  const Points dir;
  const std::pair<std::vector<std::string>, std::string> wrong[] = {
      {{"--output-activation", "sigmoid"},
       "--output-activation: expected identity, since the loss softmax_cross_entropy"},
      {{"--weight-multiplier", "1,2,3"}, "--weight-multiplier: expected 1 value"},
      {{"--loss", "poisson"}, "--loss: expected softmax_cross_entropy"},
      {{"--metric", "rmse"}, "--metric: expected one of"},
      {{"--metric=accuracy", "--validation-split=0"}, "--metric: \"accuracy\" needs validation rows"},
      {{"--ignore", "kynd"}, "--ignore: points.csv: expected one of"},
      {{"--validation-rows", "last:999"}, "--validation-rows: expected some"},
      {{"--target=x", "--ignore=kind", "--label-smoothing=0.1"}, "--label-smoothing: expected classes"}};
  for (const auto& [words, messages] : wrong) expect_in("chainrule: error: " + messages, dir.trained(words, 2));
  expect_in("hint: set --validation-split", dir.trained({"--metric=accuracy", "--validation-split=0"}, 2));
  dir.write("run.toml", "epochs = 1\noutput_activation = \"sigmoid\"\n");
  expect_in("error: run.toml:2: output_activation: expected identity, since the loss",
            dir.trained({"--config", "run.toml"}, 2));
  expect_in("error: --output-activation: expected identity, since the loss",
            dir.trained({"--config", "run.toml", "--output-activation", "tanh"}, 2));
  expect_in("(--clip-norm 1)", dir.trained({"--lr", "1e38", "--optimizer", "sgd", "--epochs", "9"}, 4));
}

TEST(Errors, OfTheLibraryNameFlags) {
  const Points dir;
  dir.write("comma.csv", "numeric;kind\n1;a\n2;b\n1,234;a\n4;b\n");
  expect_in(
      "hint: --thousands comma reads 1234, --decimal-comma reads 1.234; --categorical numeric takes the texts as "
      "categories\n",
      dir.trained({}, 3, "comma.csv"));
  dir.write("mixed.csv", "numeric,kind\n1,a\n2,b\nabc,a\n4,b\n");
  expect_in(
      "warning: column \"numeric\" has numbers, but \"abc\" in mixed.csv:4:1: its numbers are taken as texts, and "
      "all as categories (--numeric numeric counts such texts as missing)\n",
      dir.trained({}, 0, "mixed.csv"));
  dir.write("huge.csv", "x,kind\n1,a\n-inf,b\n2,a\n");
  expect_in("hint: --missing=-inf counts it as missing\n", dir.trained({}, 3, "huge.csv"));
  dir.write("header.csv", "x,kind\n");
  expect_in("the first line was taken as a header; --no-header reads it as data\n", dir.trained({}, 3, "header.csv"));
  expect_in("error: --target: points.csv: expected one of", dir.trained({"--target", "kynd"}, 2));
  expect_in("--target: points.csv: expected one of", dir.messages_of({"inspect", "points.csv", "--target", "kynd"}, 2));
  expect_in("--class-weight: expected classes as target, found a number\nhint: --task classes predicts classes\n",
            dir.trained({"--class-weight", "balanced", "--target", "x", "--ignore", "kind", "--task", "number"}, 2));
  dir.trained({});
  expect_in("--by: points.csv: expected one of",
            dir.messages_of({"evaluate", "m.safetensors", "points.csv", "--by", "k"}, 2));
  expect_in("m.safetensors: already exists\nhint: choose another name, or use --force to replace it\n",
            dir.messages_of({"train", "points.csv", "-o", "m.safetensors"}, 2));
}

TEST(Notes, NameFlagsOnStandardErrorAndInDocuments) {
  const Points dir;
  std::string rows = "nr,x,kind\n";
  for (int row = 0; row < 40; ++row)
    rows += std::to_string(row + 1) + "," + std::to_string(row * 7 % 11) + (row % 2 == 0 ? ",a\n" : ",b\n");
  dir.write("numbered.csv", rows);
  const std::string note = "warning: left out because it numbers the rows: \"nr\" (--numeric nr uses it as a number)";
  expect_in(note + "\n", dir.trained({}, 0, "numbered.csv"));
  const std::string document = run(dir, {"inspect", "numbered.csv", "--json"}).out;
  expect_in("(--numeric nr uses it as a number)", document);
  expect_in("\"severity\": \"warning\"", document);
  expect_in("\"option\": \"numeric\"", document);
}

TEST(Rprop, PrintsTheOptionsThatItSets) {
  const Points dir;
  expect_in("optimizer rprop: every step uses all rows, and the schedule is constant",
            dir.trained({"--optimizer", "rprop"}));
  expect_in("--batch-size: expected all with optimizer rprop, found \"8\"",
            dir.trained({"--optimizer", "rprop", "--batch-size", "8"}, 2));
}

TEST(Metrics, OfTheTaskAreListed) {
  const Points dir;
  expect_in(
      "expected one of loss, accuracy, balanced_accuracy, f1_macro, log_loss, f1, mcc, roc_auc, average_precision, "
      "brier, calibration_error for classes, found \"rmse\"",
      dir.trained({"--metric", "rmse"}, 2));
  expect_in(
      "expected one of loss, rmse, mae, r2, median_absolute_error, spearman for a number as target, found "
      "\"accuracy\"",
      dir.trained({"--metric", "accuracy", "--target", "x", "--ignore", "kind"}, 2));
  expect_in("for regression: loss, rmse, mae, r2, median_absolute_error or spearman",
            run(dir, {"help", "--markdown"}).out);
}

}  // namespace
}  // namespace chainrule::cli_messages_test
