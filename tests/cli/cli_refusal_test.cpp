// SPDX-License-Identifier: Apache-2.0
// Refusals of the program, their exit codes and messages; a refused command must not change any file.
#include <set>

#include "tests/support/cli_runner.h"

namespace chainrule::cli_refusal_test {
namespace {

// Runs the program and checks that the code is right, standard output is empty, the error is one line and at most one
// hint, and the folder is unchanged.
Result refused(const Dir& dir, std::vector<std::string> words, int code) {
  const auto before = dir.listing();
  const std::string shown = ::testing::PrintToString(words);
  const Result result = run(dir, std::move(words));
  EXPECT_EQ(result.code, code) << shown << "\n" << result.err;
  EXPECT_EQ(result.out, "") << shown;
  EXPECT_EQ(dir.listing(), before) << shown;
  const std::size_t error = result.err.find("chainrule: error: ");
  EXPECT_NE(error, std::string::npos) << shown << "\n" << result.err;
  if (error == std::string::npos) return result;
  const std::string message = result.err.substr(error);
  const std::size_t lines = static_cast<std::size_t>(std::count(message.begin(), message.end(), '\n'));
  EXPECT_TRUE(lines == 1 || (lines == 2 && message.find("\nhint: ") != std::string::npos)) << message;
  return result;
}

void expect_says(const Result& result, const std::string& text) {
  EXPECT_NE(result.err.find(text), std::string::npos) << "expected: " << text << "\n" << result.err;
}

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
};

TEST(Usage, UnknownNamesSuggestTheNearest) {
  const Points dir;
  expect_says(refused(dir, {"trains"}, 2), "did you mean train?");
  expect_says(refused(dir, {"trian"}, 2), "did you mean train?");
  expect_says(refused(dir, {"train", "points.csv", "--target", "Kind"}, 2), "did you mean \"kind\"?");
  expect_says(refused(dir, {"train", "points.csv", "--target", "X"}, 2), "did you mean \"x\"?");
  dir.write("quoted.csv", "'x'\t'kind'\n1\t2\n");
  expect_says(refused(dir, {"train", "quoted.csv", "--target", "kind"}, 2), "did you mean \"'kind'\"?");
  dir.write("aligned.csv", "id  kind\n1   < 12 years\n2   12 years\n");
  expect_says(refused(dir, {"train", "aligned.csv", "--target", "kind"}, 2),
              "the table has one column; --delimiter sets what separates its fields");
  expect_says(refused(dir, {"train", "points.csv", "--epoch", "3"}, 2), "did you mean --epochs?");
  expect_says(refused(dir, {"evaluate", "--jsom"}, 2), "did you mean --json?");
  expect_says(refused(dir, {"train", "points.csv", "--activation", "sigmoyd"}, 2), "did you mean sigmoid?");
  expect_says(refused(dir, {"train", "points.csv", "--target", "kint"}, 2), "did you mean \"kind\"?");
  expect_says(refused(dir, {"help", "predikt"}, 2), "did you mean predict?");
  expect_says(refused(dir, {"frobnicate"}, 2), "train, cv, tune, replay, evaluate, predict, inspect, diff, report");
  dir.write("run.toml", "\n\nlearning_rat = 1\n");
  const Result config = refused(dir, {"train", "points.csv", "--config", "run.toml"}, 2);
  expect_says(config, "run.toml:3: unknown option \"learning_rat\"");
  expect_says(config, "did you mean learning_rate?");
}

TEST(Usage, ImpossibleValuesAreRefusedBeforeWork) {
  const Points dir;
  const std::pair<std::string, std::string> wrong[] = {{"--hidden", "1e9,1e9"},
                                                       {"--hidden", "1000000,1000000,1000000"},
                                                       {"--lr", "nan"},
                                                       {"--lr", "-1"},
                                                       {"--epochs", "100000000000000000000"},
                                                       {"--batch-size", "0"},
                                                       {"--optimizer", "adamm"},
                                                       {"--momentum", "0.5"},
                                                       {"--metric", "rmse"},
                                                       {"--loss", "poisson"},
                                                       {"--validation-rows", "last:150"},
                                                       {"--max-memory", "0"},
                                                       {"--max-memory", "1K"},
                                                       {"--max-memory", "1e-320"},
                                                       {"--delimiter", "x"},
                                                       {"--weight-multiplier", "1,2,3"},
                                                       {"--color", "red"}};
  for (const auto& [name, value] : wrong) refused(dir, {"train", "points.csv", name, value}, 2);
  expect_says(refused(dir, {"train", "points.csv", "--lr", "nan"}, 2),
              "--learning-rate: expected a number above 0, found \"nan\"");
}

TEST(Usage, FilesAreCounted) {
  const Points dir;
  refused(dir, {}, 2);
  refused(dir, {"train"}, 2);
  refused(dir, {"diff", "points.csv", "more.csv", "most.csv"}, 2);
  refused(dir, {"evaluate", "points.csv"}, 2);
  refused(dir, {"predict"}, 2);
  refused(dir, {"train", "points.csv", "--epochs"}, 2);
  refused(dir, {"train", "-", "--validation", "-"}, 2);
  refused(dir, {"train", "points.csv", "--validation", "points.csv", "--validation-split", "0.2"}, 2);
  expect_says(refused(dir, {"train", "--", "--no-such-file"}, 3), "--no-such-file");
  EXPECT_EQ(run(dir, {"train", "--validation-rows=", "--print-config"}).code, 0) << "an empty value is a value";
}

TEST(Config, MistakesNameFileAndLine) {
  const Points dir;
  const std::pair<std::string, std::string> wrong[] = {
      {"epochs = 0\n", "run.toml:1: epochs: expected"},
      {"seed = 1\nepochs = \"many\"\n", "run.toml:2: epochs: expected"},
      {"epochs = \n", "run.toml:1: "},
      {"[training]\nepochs = 3\n", "run.toml:1: expected only options"},
      {"seed = -1\n", "run.toml:1: seed: expected"},
      {"lr = nan\n", "run.toml:1: learning_rate: expected"},
      {"hidden = [[1]]\n", "run.toml:1: hidden: expected"},
      {"optimizer = \"adam\"\nmomentum = 0.5\n", "run.toml:2: momentum: expected optimizer momentum or nesterov"},
      {"hidden = " + std::string(100000, '['), "run.toml:1: "}};
  for (const auto& [text, message] : wrong) {
    dir.write("run.toml", text);
    expect_says(refused(dir, {"train", "points.csv", "--config", "run.toml"}, 2), message);
  }
  refused(dir, {"train", "points.csv", "--config", "none.toml"}, 2);
  refused(dir, {"train", "points.csv", "--config", "."}, 2);
}

TEST(Outputs, AreRefusedBeforeWorkStarts) {
  const Points dir;
  dir.write("old.safetensors", "old");
  fs::create_directory(dir.path("folder"));
  fs::create_symlink("points.csv", dir.path("link.csv"));
  expect_says(refused(dir, {"train", "points.csv", "-o", "old.safetensors"}, 2), "--force");
  refused(dir, {"train", "points.csv", "-o", "missing/m.safetensors"}, 2);
  refused(dir, {"train", "points.csv", "-o", "folder", "--force"}, 2);
  refused(dir, {"train", "points.csv", "-o", "", "--force"}, 2);
  refused(dir, {"train", "points.csv", "-o", "-"}, 2);
  if (fs::exists("/proc/self"))
    expect_says(refused(dir, {"train", "points.csv", "-o", "/proc/m.safetensors"}, 2), "no file can be created in it");
  expect_says(refused(dir, {"train", "points.csv", "-o", "points.csv", "--force"}, 2), "input");
  expect_says(refused(dir, {"train", "points.csv", "-o", "link.csv", "--force"}, 2), "input");
  expect_says(refused(dir, {"train", "link.csv", "-o", "points.csv", "--force"}, 2), "input");
  refused(dir, {"train", ".", "-o", "points.csv", "--force"}, 2);
  dir.write("run.toml", "epochs = 1\n");
  refused(dir, {"train", "points.csv", "--config", "run.toml", "-o", "run.toml", "--force"}, 2);

  ASSERT_EQ(run(dir, train_words({"-o", "old.safetensors", "--force"})).code, 0);
  EXPECT_NE(dir.read("old.safetensors"), "old");
  refused(dir, {"predict", "old.safetensors", "points.csv", "-o", "run.toml"}, 2);
  refused(dir, {"predict", "old.safetensors", "points.csv", "-o", "points.csv", "--force"}, 2);
  refused(dir, {"predict", "old.safetensors", "points.csv", "-o", "old.safetensors", "--force"}, 2);
}

TEST(Inputs, ThatAreMissingOrWrongAreCode3) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"-o", "m.safetensors"})).code, 0);
  const std::string model = dir.read("m.safetensors");
  dir.write("cut.safetensors", model.substr(0, model.size() / 2));
  dir.write("empty.csv", "");
  dir.write("ragged.csv", "a,b,c\n1,2,0\n1,2\n");
  dir.write("one_class.csv", "a,k\n1,x\n2,x\n3,x\n");
  dir.write("text.csv", "a;k\n1;x\n2,567;y\n3;x\n");
  dir.write("other.csv", "u,v,kind\n1,2,red\n");
  dir.write("unseen.csv", "x,y,kind\n1,2,purple\n");
  refused(dir, {"train", "missing.csv"}, 3);
  refused(dir, {"train", "empty.csv"}, 3);
  refused(dir, {"train", "one_class.csv"}, 3);
  expect_says(refused(dir, {"train", "ragged.csv"}, 3), "ragged.csv:3");
  expect_says(refused(dir, {"train", "text.csv"}, 3), "\"2,567\"");
  refused(dir, {"train", "points.csv", "--validation", "missing.csv"}, 3);
  refused(dir, {"evaluate", "missing.safetensors", "points.csv"}, 3);
  refused(dir, {"evaluate", "cut.safetensors", "points.csv"}, 3);
  refused(dir, {"evaluate", "points.csv", "points.csv"}, 3);
  refused(dir, {"inspect", "cut.safetensors"}, 3);
  refused(dir, {"inspect", "missing"}, 3);
  expect_says(refused(dir, {"train", ""}, 3), "error: \"\": cannot open");
  expect_says(refused(dir, {"predict", "-", "points.csv"}, 2), "a model cannot be read from standard input");
  dir.write("upper.csv", "X,y,kind\n1,2,red\n");
  expect_says(refused(dir, {"evaluate", "m.safetensors", "upper.csv"}, 3), "hint: \"X\" is not \"x\"");
  dir.write("comma.csv", "x,y,\n1,2,\n3,4,\n");
  expect_says(refused(dir, {"train", "comma.csv"}, 3), "the column is empty in all rows");
  refused(dir, {"predict", "m.safetensors", "missing.csv"}, 3);
  expect_says(refused(dir, {"predict", "m.safetensors", "other.csv", "-o", "predictions.csv"}, 3), "\"x\"");
  expect_says(refused(dir, {"evaluate", "m.safetensors", "unseen.csv"}, 3), "purple");
}

TEST(Inputs, WithoutReadPermissionAreCode3) {
  const Points dir;
  fs::permissions(dir.path("points.csv"), fs::perms::none);
  Program program(dir, {"inspect", "points.csv"});
  program.before([] {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(126);  // root may read everything
  });
  fs::permissions(dir.path(), fs::perms::all);
  fs::permissions(dir.outside(""), fs::perms::all);
  const Result result = program.go();
  if (result.code == 126) GTEST_SKIP() << "no other user may start the program here";
  EXPECT_EQ(result.code, 3) << result.err;
  expect_says(result, "points.csv");
}

TEST(Training, ThatDivergesIsCode4AndWritesNothing) {
  const Dir dir;
  dir.write("points.csv", points(false, true));
  const Result result = refused(dir, train_words({"--optimizer", "sgd", "--lr", "1e20"}), 4);
  expect_says(result, "epoch 1");
  expect_says(result, "hint: ");
}

TEST(Writing, ThatFailsIsCode6) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "/dev/full is not there";
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"-o", "m.safetensors"})).code, 0);
  const auto before = dir.listing();
  const std::vector<std::vector<std::string>> commands = {{"predict", "m.safetensors", "points.csv"},
                                                          {"evaluate", "m.safetensors", "points.csv", "--json"},
                                                          {"inspect", "points.csv"},
                                                          {"--help"},
                                                          {"train", "--print-config"}};
  for (const auto& words : commands) {
    const auto full = [] { dup2(open("/dev/full", O_WRONLY), 1); };
    const Result result = Program(dir, words).before(full).go();
    EXPECT_EQ(result.code, 6) << words[0] << "\n" << result.err;
    expect_says(result, "standard output: writing failed");
    EXPECT_EQ(Program(dir, words).before([] { close(1); }).go().code, 6) << words[0];
  }
  EXPECT_EQ(run(dir, train_words({"-o", "/dev/full"})).code, 6);
  EXPECT_EQ(run(dir, {"predict", "m.safetensors", "points.csv", "-o", "/dev/full"}).code, 6);
  EXPECT_EQ(dir.listing(), before);
}

TEST(Writing, BeyondTheLargestFileAllowedIsCode6) {
  const Points dir;
  const auto with_small_files = [] {
    const rlimit limit{10240, 10240};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  const std::vector<std::string> words{"train", "points.csv", "--hidden", "2000", "--epochs", "1", "-q"};
  const Result result = Program(dir, words).before(with_small_files).go();
  EXPECT_EQ(result.code, 6) << result.err;
  expect_says(result, "model.safetensors: file too large: needed");
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_EQ(dir.listing().size(), 1u);
}

TEST(Writing, ToAReaderThatHasGoneIsNoError) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"-o", "m.safetensors"})).code, 0);
  dir.write("many.csv", points(true, false, 20000));  // more than a pipe holds
  for (const char* const data : {"points.csv", "many.csv"}) {
    const auto pipe_to_nobody = [] {
      int ends[2];
      if (pipe(ends) != 0) _exit(127);
      dup2(ends[1], 1);
      close(ends[0]);
      close(ends[1]);
    };
    const Result result = Program(dir, {"predict", "-q", "m.safetensors", data}).before(pipe_to_nobody).go();
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.err, "");
  }
}

TEST(Writing, NeverLandsInAFileThatTookAClosedDescriptor) {
  if (!fs::exists("/proc/self/fd")) GTEST_SKIP() << "/proc is not there";
  const Points dir;
  Program program(dir, {"train", "points.csv", "--epochs", "100000000"});
  program.before([] { close(0), close(1), close(2); }).start();
  const auto target_of = [&](const char* descriptor) {
    std::error_code none;
    return fs::read_symlink(fs::path("/proc") / std::to_string(program.pid()) / "fd" / descriptor, none).string();
  };
  for (int i = 0; i < 2000 && target_of("2") != "/dev/null"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (const char* const descriptor : {"0", "1", "2"}) EXPECT_EQ(target_of(descriptor), "/dev/null");
}

TEST(Memory, ThatRunsOutIsCode6) {
  const Points dir;
  const auto with_little = [] {
    const rlimit limit{rlim_t{300} << 20, rlim_t{300} << 20};
    setrlimit(RLIMIT_AS, &limit);
  };
  if (Program(dir, {"--version"}).before(with_little).go().code != 0) GTEST_SKIP() << "a sanitizer needs more";
  const Result result =
      Program(dir, {"train", "points.csv", "--hidden", "20000,20000", "--max-memory", "100G"}).before(with_little).go();
  EXPECT_EQ(result.code, 6) << result.err;
  expect_says(result, "out of memory");
  EXPECT_EQ(dir.listing().size(), 1u);
}

TEST(Messages, CannotDriveATerminal) {
  const Dir dir;
  dir.write("points.csv", "a\x1b[2J,k\n1,x\nabc\x1b]0;x\x07,y\n3,x\n");
  const Result result = refused(dir, {"train", "points.csv"}, 3);
  EXPECT_EQ(result.err.find_first_of("\x1b\x07"), std::string::npos);
  const Result shown = run(dir, {"inspect", "points.csv"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ((shown.out + shown.err).find_first_of("\x1b\x07"), std::string::npos);
}

}  // namespace
}  // namespace chainrule::cli_refusal_test
