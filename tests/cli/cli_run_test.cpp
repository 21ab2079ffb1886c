// SPDX-License-Identifier: Apache-2.0
// train --run and replay: the files of a run, that they can be read, and that replay reproduces it bit by bit.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>
#include <array>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "chainrule/model/fingerprint.h"
#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_run_test {
namespace {

using Json = nlohmann::json;
using Files = std::map<std::string, std::string>;

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
  Result train(const std::vector<std::string>& more, int code = 0) const {
    std::vector<std::string> words{"train", "points.csv", "--hidden", "4", "--epochs", "6"};
    words.insert(words.end(), more.begin(), more.end());
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, code) << result.err;
    return result;
  }
  Result replay(const std::vector<std::string>& more, int code = 0) const {
    std::vector<std::string> words{"replay"};
    words.insert(words.end(), more.begin(), more.end());
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, code) << result.err;
    return result;
  }
  // All files below runs, hidden ones as well, and their contents.
  Files files() const {
    Files found;
    if (!fs::exists(path("runs"))) return found;
    for (const auto& entry : fs::recursive_directory_iterator(path("runs")))
      if (entry.is_regular_file()) found[fs::relative(entry.path(), path("runs")).string()] = read_file(entry.path());
    return found;
  }
  std::string events_of(const std::string& name) const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(path("runs/" + name)))
      if (entry.path().filename().string().starts_with("events.out.tfevents.")) {
        EXPECT_EQ(found, "");
        found = read_file(entry.path());
      }
    return found;
  }
};

// CRC-32C bit by bit.
std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t sum = ~0u;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 1) != 0 ? (sum >> 1) ^ 0x82F63B78u : sum >> 1;
  }
  return ~sum;
}

template <class Number>
Number take(std::string_view& bytes) {
  Number number{};
  EXPECT_GE(bytes.size(), sizeof number);
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
  bytes.remove_prefix(std::min(bytes.size(), sizeof number));
  return number;
}

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = take<std::uint8_t>(bytes);
    number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80 || bytes.empty()) return number;
  }
}

std::string_view take_bytes(std::string_view& bytes) {
  const std::uint64_t size = take_varint(bytes);
  const std::string_view out = bytes.substr(0, size);
  bytes.remove_prefix(out.size());
  return out;
}

struct Event {
  std::uint64_t step = 0;
  std::string version;
  std::map<std::string, float> values;
};

Event event_of(std::string_view bytes) {
  Event event;
  while (!bytes.empty()) {
    const std::uint64_t key = take_varint(bytes);
    if (key == (1 << 3 | 1)) {
      EXPECT_GT(take<double>(bytes), 1.7e9);
    }
    if (key == (2 << 3 | 0)) event.step = take_varint(bytes);
    if (key == (3 << 3 | 2)) event.version = take_bytes(bytes);
    if (key != (5 << 3 | 2)) continue;
    for (std::string_view summary = take_bytes(bytes); !summary.empty();) {
      EXPECT_EQ(take_varint(summary), 1u << 3 | 2);
      std::string_view value = take_bytes(summary);
      EXPECT_EQ(take_varint(value), 1u << 3 | 2);
      const std::string tag(take_bytes(value));
      EXPECT_EQ(take_varint(value), 2u << 3 | 5);
      event.values[tag] = take<float>(value);
    }
  }
  return event;
}

std::vector<Event> events_in(std::string_view file) {
  std::vector<Event> events;
  const auto expect_sum = [](std::string_view bytes, std::uint32_t found) {
    EXPECT_EQ(std::rotr(checksum(bytes), 15) + 0xA282EAD8u, found);
  };
  while (!file.empty()) {
    const std::string_view length_bytes = file.substr(0, 8);
    const auto length = take<std::uint64_t>(file);
    expect_sum(length_bytes, take<std::uint32_t>(file));
    const std::string_view content = file.substr(0, length);
    file.remove_prefix(content.size());
    expect_sum(content, take<std::uint32_t>(file));
    events.push_back(event_of(content));
  }
  return events;
}

TEST(Run, LeavesModelMetricsConfigurationAndTensorBoardsFile) {
  EXPECT_EQ(checksum("123456789"), 0xE3069283u);
  const Points dir;
  const Result result = dir.train({"--run", "first"});
  EXPECT_TRUE(contains(result.err, "written: runs/first/model.safetensors")) << result.err;
  EXPECT_FALSE(dir.has("model.safetensors"));
  std::vector<Json> lines;
  std::stringstream metrics(dir.read("runs/first/metrics.jsonl"));
  for (std::string line; std::getline(metrics, line);) lines.push_back(Json::parse(line));
  ASSERT_EQ(lines.size(), 6u);
  const std::vector<Event> events = events_in(dir.events_of("first"));
  ASSERT_EQ(events.size(), 7u);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  for (std::size_t epoch = 1; epoch <= 6; ++epoch) {
    const Event& event = events[epoch];
    EXPECT_EQ(event.step, epoch);
    for (const auto& [tag, value] : event.values) EXPECT_EQ(value, lines[epoch - 1][tag].get<float>()) << tag;
    EXPECT_TRUE(event.values.contains("validation/accuracy"));
    EXPECT_TRUE(event.values.contains("train/loss"));
  }
  EXPECT_TRUE(contains(dir.read("runs/first/config.toml"), "[run]\ndata = \"points.csv\"\n"));
  // The configuration repeats the training.
  const Result again = run(dir, {"train", "points.csv", "--config", "runs/first/config.toml", "-o", "m.safetensors"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(formats::load_model(dir.path("m.safetensors")).network.parameters.flat().size(),
            formats::load_model(dir.path("runs/first/model.safetensors")).network.parameters.flat().size());
  EXPECT_EQ(weights_sha256(formats::load_model(dir.path("m.safetensors")).network),
            weights_sha256(formats::load_model(dir.path("runs/first/model.safetensors")).network));
  // A second run of the same name replaces the first one completely.
  dir.train({"--run", "first", "--force", "--epochs", "2"});
  EXPECT_EQ(events_in(dir.events_of("first")).size(), 3u);
}

TEST(Run, ReplacesAnotherOneAtTheEndOrNotAtAll) {
  const Points dir;
  dir.train({"--run", "first"});
  const Files before = dir.files();
  dir.train({"--run", "first", "--force", "--optimizer", "momentum", "--lr", "1e30"}, 4);
  EXPECT_TRUE(dir.files() == before);
  // A limit of 8 kB for files stops the writing of the report, long after the training.
  Program full(dir, {"train", "points.csv", "--hidden", "4", "--epochs", "3", "--run", "first", "--force"});
  full.before([] {
    const rlimit limit{8192, 8192};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
  });
  const Result failed = full.start().wait();
  EXPECT_EQ(failed.code, 6);
  // The finished training is kept under another name.
  const std::size_t at = failed.err.find("runs/first-unfinished-");
  ASSERT_NE(at, std::string::npos) << failed.err;
  const std::string aside = failed.err.substr(at, failed.err.find(';', at) - at);
  EXPECT_EQ(formats::load_model(dir.path(aside + "/model.safetensors")).provenance.epochs, 3u);
  fs::remove_all(dir.path(aside));
  EXPECT_TRUE(dir.files() == before);
  const Result replaced = dir.train({"--run", "first", "--force", "--epochs", "2", "--hidden", "64"});
  EXPECT_TRUE(contains(replaced.err, "written: runs/first/model.safetensors (")) << replaced.err;
  EXPECT_TRUE(contains(
      replaced.err,
      fmt::format("({:.1f} KiB)", static_cast<double>(dir.read("runs/first/model.safetensors").size()) / 1024)))
      << replaced.err;
  EXPECT_EQ(dir.files().size(), before.size());
  EXPECT_FALSE(dir.files() == before);
}

// What a killed program leaves is removed by the next one that writes a run; other files are not.
TEST(Run, SurvivesAKilledSuccessor) {
  const Points dir;
  dir.train({"--run", "first"});
  const Files before = dir.files();
  Program program(dir, {"train", "points.csv", "--run", "first", "--force", "--hidden", "64", "--epochs", "1000000"});
  program.start();
  ASSERT_TRUE(program.wait_for("epoch 2"));
  EXPECT_EQ(dir.read("runs/first/metrics.jsonl"), before.at("first/metrics.jsonl"));
  EXPECT_GT(dir.files().size(), before.size());
  // A program that runs keeps its files when another one writes a run.
  dir.train({"--run", "second"});
  EXPECT_GT(dir.files().size(), 2 * before.size());
  program.send(SIGKILL);
  program.wait();
  fs::create_directories(dir.path("runs/.mine"));
  fs::create_directories(dir.path("runs/.first.new-x1"));
  dir.train({"--run", "second", "--force"});
  EXPECT_EQ(dir.files().size(), 2 * before.size());
  EXPECT_EQ(dir.read("runs/first/model.safetensors"), before.at("first/model.safetensors"));
  EXPECT_TRUE(fs::exists(dir.path("runs/.mine")));
  EXPECT_TRUE(fs::exists(dir.path("runs/.first.new-x1")));
}

// Where folders cannot be exchanged, the old run is moved aside; a kill at that moment must not lose it.
TEST(Run, ComesBackIfItWasMovedAside) {
  const Points dir;
  dir.train({"--run", "first"});
  const Files before = dir.files();
  fs::rename(dir.path("runs/first"), dir.path("runs/.first.old-abcdef"));
  dir.train({"--run", "second"});
  for (const auto& [name, bytes] : before) EXPECT_TRUE(dir.read("runs/" + name) == bytes) << name;
  // It is removed if the new one is there.
  fs::create_directories(dir.path("runs/.first.old-abcdef"));
  dir.train({"--run", "second", "--force"});
  EXPECT_FALSE(fs::exists(dir.path("runs/.first.old-abcdef")));
}

// Without renameat2, as on some network file systems.
void refuse_renameat2() {
  std::array<sock_filter, 4> code{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
                                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog filter{code.size(), code.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    _exit(99);
}

TEST(Run, IsReplacedWhereFoldersCannotBeExchanged) {
  const Points dir;
  dir.train({"--run", "first"});
  dir.write("runs/first/notes.txt", "mine");
  const Files before = dir.files();
  Program program(dir, {"train", "points.csv", "--hidden", "4", "--epochs", "2", "--run", "first", "--force"});
  const Result result = program.before(refuse_renameat2).start().wait();
  if (result.code == 99) GTEST_SKIP() << "no seccomp filter";
  EXPECT_EQ(result.code, 0) << result.err;
  const Files after = dir.files();
  EXPECT_EQ(after.size(), before.size());
  EXPECT_EQ(after.at("first/notes.txt"), "mine");
  EXPECT_FALSE(after.at("first/model.safetensors") == before.at("first/model.safetensors"));
}

// Only a run's own files are replaced, whatever else a user keeps in the folder, and a link stays a link.
TEST(Run, KeepsForeignFilesAndLinks) {
  const Points dir;
  dir.train({"--run", "first"});
  fs::create_directories(dir.path("disk"));
  fs::rename(dir.path("runs/first"), dir.path("disk/run"));
  fs::create_directory_symlink("../disk/run", dir.path("runs/first"));
  fs::create_directories(dir.path("disk/run/plots"));
  dir.write("disk/run/plots/a.svg", "a");
  dir.write("disk/run/notes.txt", "mine");
  dir.train({"--run", "first", "--force", "--epochs", "2"});
  EXPECT_TRUE(fs::is_symlink(dir.path("runs/first")));
  EXPECT_EQ(dir.read("disk/run/plots/a.svg"), "a");
  EXPECT_EQ(dir.read("disk/run/notes.txt"), "mine");
  EXPECT_EQ(formats::load_model(dir.path("disk/run/model.safetensors")).provenance.epochs, 2u);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path("disk")), fs::directory_iterator()), 1);
}

// Two programs choose the same new name: the second one is refused and leaves the first one alone.
TEST(Run, IsOfTheProgramThatMadeIt) {
  const Points dir;
  Program first(dir, {"train", "points.csv", "--run", "same", "--hidden", "64", "--epochs", "1000000"});
  first.start();
  ASSERT_TRUE(first.wait_for("epoch 2"));
  EXPECT_TRUE(contains(dir.train({"--run", "same"}, 2).err, "runs/same: already exists"));
  first.send(SIGINT);
  EXPECT_EQ(first.wait().code, 130);
  EXPECT_TRUE(dir.has("runs/same/model.safetensors"));
}

TEST(Run, ThatFailsBeforeItsFirstEpochLeavesItsNameFree) {
  const Points dir;
  dir.train(
      {"--run", "first", "--optimizer", "momentum", "--lr", "1e30", "--schedule", "constant", "--batch-size", "8"}, 4);
  EXPECT_FALSE(fs::exists(dir.path("runs/first")));
  Program full(dir, {"train", "points.csv", "--run", "first"});
  full.before([] {
    const rlimit limit{0, 0};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
  });
  EXPECT_EQ(full.start().wait().code, 6);
  EXPECT_FALSE(fs::exists(dir.path("runs/first")));
  dir.train({"--run", "first"});
}

// The first epoch takes long enough for a kill and for a second program.
TEST(Run, ThatIsKilledBeforeItsFirstEpochLeavesItsNameFree) {
  const Points dir;
  dir.write("many.csv", points(true, false, 30000));
  Program first(dir, {"train", "many.csv", "--run", "first", "--hidden", "1000,1000", "--batch-size", "all"});
  first.start();
  const auto has_begun = [&] {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(dir.path("runs"), none))
      if (fs::exists(entry.path() / "config.toml")) return true;
    return false;
  };
  for (int k = 0; k < 2000 && !has_begun(); ++k) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(has_begun());
  EXPECT_FALSE(dir.has("runs/first"));
  const Result second = dir.train({"--run", "first"}, 2);
  EXPECT_TRUE(contains(second.err, "runs/first: expected a run that no other program is writing")) << second.err;
  first.send(SIGKILL);
  first.wait();
  dir.train({"--run", "first"});
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path("runs")), fs::directory_iterator()), 1);
  const mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(static_cast<mode_t>(fs::status(dir.path("runs/first")).permissions()), 0777 & ~mask);
}

// Where a name cannot be taken only if it is free, as on some network file systems.
TEST(Run, GetsItsNameWithoutRenameat2) {
  const Points dir;
  Program program(dir, {"train", "points.csv", "--hidden", "4", "--epochs", "2", "--run", "first"});
  const Result result = program.before(refuse_renameat2).start().wait();
  if (result.code == 99) GTEST_SKIP() << "no seccomp filter";
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(dir.has("runs/first/report.html"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path("runs")), fs::directory_iterator()), 1);
}

TEST(Run, StandsForItsModel) {
  const Points dir;
  dir.train({"--run", "first"});
  for (const char* const verb : {"evaluate", "predict", "explain"}) {
    const Result by_run = run(dir, {verb, "runs/first", "points.csv"});
    EXPECT_EQ(by_run.code, 0) << by_run.err;
    EXPECT_EQ(by_run.out, run(dir, {verb, "runs/first/model.safetensors", "points.csv"}).out);
  }
  EXPECT_EQ(run(dir, {"inspect", "runs/first/"}).code, 0);
}

TEST(Run, IsNamedByTheTimeOnRequest) {
  const Points dir;
  const Result result = dir.train({"--run", "time"});
  std::vector<std::string> names;
  for (const fs::directory_entry& one : fs::directory_iterator(dir.path("runs")))
    names.push_back(one.path().filename().string());
  ASSERT_EQ(names.size(), 1u);
  std::string form = names[0];
  for (char& c : form)
    if (c >= '0' && c <= '9') c = '0';
  EXPECT_EQ(form, "0000-00-00T00-00-00Z");
  EXPECT_TRUE(contains(result.err, "written: runs/" + names[0] + "/model.safetensors")) << result.err;
  expect_replays(dir);
}

TEST(Run, IsRefusedBeforeAnythingIsMade) {
  const Points dir;
  dir.train({"--run", "first"});
  const auto listing = dir.listing();
  const auto refused = [&](const std::vector<std::string>& options, const std::string& message) {
    const Result result = dir.train(options, 2);
    EXPECT_TRUE(contains(result.err, message)) << result.err;
    EXPECT_EQ(dir.listing(), listing);
  };
  refused({"--run", "first"}, "runs/first: already exists");
  refused({"--run", "../x"}, "--run: expected a name of letters, digits, _, - and dots, found \"../x\"");
  refused({"--run", ""}, "--run: expected a name");
  refused({"--run", "x", "-o", "m.safetensors"}, "--run: expected no --output together with it, found one");
  refused({"--run", "x", "--log", "l.jsonl"}, "--run: expected no --log together with it, found one");
  refused({"--run", "x", "--target", "none"}, "points.csv");
  ASSERT_EQ(mkfifo(dir.path("pipe").c_str(), 0600), 0);
  const Result pipe = run(dir, {"train", "pipe", "--run", "x"});
  EXPECT_TRUE(contains(pipe.err, "--run: expected data from files, found \"pipe\"")) << pipe.err;
  const Result piped = run(dir, {"train", "-", "--run", "x"});
  EXPECT_EQ(piped.code, 2);
  EXPECT_TRUE(contains(piped.err, "--run: expected data from files, found - (standard input)")) << piped.err;
}

TEST(Replay, GivesTheSameBits) {
  const Points dir;
  dir.train({"--run", "first", "--test-split", "0.2", "--threads", "1"});
  EXPECT_TRUE(contains(dir.replay({"runs/first"}).out, "bit-identical: weights sha256 "));
  const Json document = Json::parse(dir.replay({"runs/first", "--json", "--threads", "2"}).out);
  EXPECT_EQ(document["same"], true);
  EXPECT_EQ(document["weights_sha256"]["then"], document["weights_sha256"]["now"]);
  dir.train({"-o", "m.safetensors", "--validation", "points.csv", "--delimiter", "comma"});
  dir.replay({"m.safetensors", "points.csv", "--validation", "points.csv", "--delimiter", "comma"});
  // The run may have moved, and its data as well.
  fs::rename(dir.path("runs/first"), dir.path("elsewhere"));
  fs::rename(dir.path("points.csv"), dir.path("moved.csv"));
  dir.replay({"elsewhere", "moved.csv"});
  EXPECT_TRUE(contains(dir.replay({"elsewhere"}, 3).err, "points.csv: cannot open"));
}

TEST(Replay, EndsAnInterruptedTrainingAfterTheSameStep) {
  const Points dir;
  Program program(dir, {"train", "points.csv", "--run", "cut", "--hidden", "64,64", "--epochs", "100000"});
  program.start();
  ASSERT_TRUE(program.wait_for("epoch 2"));
  program.send(SIGINT);
  EXPECT_EQ(program.wait().code, 130);
  EXPECT_TRUE(contains(dir.replay({"runs/cut"}).out, "bit-identical: "));
}

TEST(Replay, PrintsTheDifferences) {
  const Points dir;
  dir.train({"--run", "first"});
  // Other data.
  dir.write("other.csv", points(true, false, 151));
  const Result other = dir.replay({"runs/first", "other.csv"}, 5);
  EXPECT_TRUE(contains(other.err, "other.csv: expected the training data (sha256 ")) << other.err;
  // Another weight in the model.
  Model model = formats::load_model(dir.path("runs/first/model.safetensors"));
  model.network.parameters.flat()[3] *= 1.0000002f;
  formats::save_model(model, dir.path("changed.safetensors"));
  const Result changed = dir.replay({"changed.safetensors", "points.csv"}, 5);
  EXPECT_TRUE(contains(changed.err, "changed.safetensors: expected the same weights (sha256 ")) << changed.err;
  EXPECT_TRUE(
      contains(dir.replay({"nothing"}, 3).err, "nothing: expected a run folder or a model file, found nothing"));
  EXPECT_TRUE(contains(dir.replay({"changed.safetensors"}, 2).err, "replay: expected DATA after the model"));
  fs::create_directory(dir.path("empty"));
  EXPECT_TRUE(contains(dir.replay({"empty"}, 3).err, "empty/config.toml: cannot be read"));
  dir.write("empty/config.toml", "epochs = 3\n");
  EXPECT_TRUE(contains(dir.replay({"empty"}, 3).err, "empty/config.toml: expected a section [run], found none"));
}

}  // namespace
}  // namespace chainrule::cli_run_test
