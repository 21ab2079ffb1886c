// SPDX-License-Identifier: Apache-2.0
// Commands of the program with a fault at each system call: afterwards every file under its final name is whole, old or
// new, the exit code is documented, one line gives the reason, and the command works when it is given again.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "tests/support/system_calls.h"

namespace chainrule {

class CallFaults {
 public:
  using Words = std::vector<std::string>;
  using Contents = std::map<std::string, std::string>;  // bytes by path

  CallFaults() {
    dir_.write("points.csv", points(true, false, 60));
    must(small({"train", "points.csv", "-o", "old.safetensors", "--log", "old.jsonl", "--report", "old.html"}));
    must(small({"train", "points.csv", "--run", "old", "--seed", "2"}));
    must(small({"train", "points.csv", "--run", "second"}));
    dir_.write("old.csv", "old predictions\n");
    before_ = contents();
  }

  bool is_possible() const {
    return std::getenv("CHAINRULE_PROGRAM") == nullptr && Supervised(dir_, {"help"}, {}).is_possible();
  }

  static std::vector<Words> commands() {
    const auto files = [](Words words, const std::string& name, Words more) {
      words.insert(words.end(), {"--log", name + ".jsonl", "--report", name + ".html"});
      words.insert(words.end(), more.begin(), more.end());
      return words;
    };
    const Words fresh = small({"train", "points.csv", "-o", "new.safetensors"}),
                again = small({"train", "points.csv", "-o", "old.safetensors"});
    return {fresh,
            files(fresh, "new", {}),
            files(again, "old", {"--force"}),
            small({"train", "points.csv", "--run", "new"}),
            small({"train", "points.csv", "--run", "old", "--force"}),
            {"predict", "old.safetensors", "points.csv", "-o", "new.csv"},
            {"predict", "old.safetensors", "points.csv", "-o", "old.csv", "--force"},
            {"predict", "old.safetensors", "points.csv"},
            {"explain", "old.safetensors", "points.csv", "--html", "new.html"},
            {"report", "runs/old", "runs/second", "-o", "old.html", "--force"},
            small({"cv", "points.csv", "--folds", "2", "--predictions", "new.csv", "--report", "new.html"}),
            small({"tune", "points.csv", "--folds", "2", "--trials", "2", "--trials-file", "new.jsonl", "-o",
                   "new.safetensors"})};
  }

  /// Tries `count` drawn faults of the command, or all of them. Returns the number of faults that happened.
  std::size_t attack(const Words& words, std::size_t count = std::numeric_limits<std::size_t>::max()) {
    restore();
    const Supervised whole(dir_, words, {});
    EXPECT_EQ(whole.result().code, 0) << words[0] << whole.result().err;
    new_ = contents();
    output_ = whole.result().out;
    restore();
    has_steady_output_ = run(dir_, words).out == output_;
    std::vector<CallFault> faults = faults_at(whole.calls());
    if (count < faults.size()) {
      std::ranges::shuffle(faults, std::mt19937(1));
      faults.resize(count);
    }
    std::size_t happened = 0;
    for (const CallFault& fault : faults) happened += suffer(words, fault) ? 1 : 0;
    return happened;
  }

 private:
  static Words small(Words words) {
    words.insert(words.end(), {"--epochs", "2", "--batch-size", "16", "--hidden", "3", "--threads", "1"});
    return words;
  }

  void must(const Words& words) const {
    const Result result = run(dir_, words);
    ASSERT_EQ(result.code, 0) << result.err;
  }

  // The name of a file of events has the time in it.
  static std::string key_of(const std::string& path) {
    const std::size_t at = path.find("events.out.tfevents.");
    return at == std::string::npos ? path : path.substr(0, at) + "events";
  }

  // Folders have the content "folder".
  Contents contents() const {
    Contents all;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(dir_.path()))
      all[key_of(entry.path().lexically_relative(dir_.path()).string())] =
          entry.is_directory() ? "folder" : read_file(entry.path());
    return all;
  }

  void restore() const {
    const Contents now = contents();
    if (now == before_) return;
    for (const fs::directory_entry& entry : fs::directory_iterator(dir_.path())) fs::remove_all(entry.path());
    for (const auto& [path, bytes] : before_)
      if (bytes == "folder") fs::create_directories(dir_.path(path));
    for (const auto& [path, bytes] : before_) {
      // The program knows such files by their names.
      const std::string name = path.ends_with("/events") ? path + ".out.tfevents.1.chainrule" : path;
      if (bytes != "folder") dir_.write(name, bytes);
    }
  }

  static std::vector<CallFault> faults_at(const std::vector<const SystemCall*>& calls) {
    std::vector<CallFault> faults;
    std::map<int, std::size_t> seen;
    for (const SystemCall* const one : calls) {
      const SystemCall& call = *one;
      const std::size_t at = seen[call.number]++;
      for (const int error : call.errors) faults.push_back({CallFault::Kind::once, at, error, call.number});
      faults.push_back({CallFault::Kind::lasting, at, call.errors[0], call.number});
      if (!call.is_of_memory) faults.push_back({CallFault::Kind::lost_disk, at, EIO, call.number});
      faults.push_back({CallFault::Kind::kill, at, 0, call.number});
    }
    return faults;
  }

  static bool is_temporary(const std::string& path) {
    return contains(path, ".chainrule-") || path.starts_with("runs/.");
  }

  // Whether a file in a format whose bytes differ from run to run (they have times) is whole.
  static bool is_whole(const std::string& path, const std::string& bytes) {
    if (path.ends_with(".html")) return bytes.starts_with("<!doctype html>") && bytes.ends_with("</html>\n");
    if (path.ends_with("events")) return is_whole_record_file(bytes);
    if (!path.ends_with(".jsonl") || (!bytes.empty() && bytes.back() != '\n')) return false;
    std::istringstream lines(bytes);
    for (std::string line; std::getline(lines, line);)
      if (!nlohmann::json::accept(line)) return false;
    return true;
  }
  static bool is_whole_record_file(const std::string& bytes) {
    std::size_t at = 0;
    while (at + 8 <= bytes.size()) {
      std::uint64_t length = 0;
      for (std::size_t k = 8; k-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[at + k]);
      at += 16 + length;
    }
    return at == bytes.size();
  }

  // A run that the command is to replace is old or new as a whole.
  std::string trouble_in_run(const Contents& now) const {
    for (const Contents* const all : {&before_, &new_}) {
      bool fits = true;
      std::size_t files = 0, expected = 0;
      for (const auto& [path, bytes] : now)
        if (path.starts_with("runs/old/")) {
          ++files;
          const auto found = all->find(path);
          fits = fits && found != all->end() &&
                 (found->second == bytes || (all == &new_ && before_.at(path) != bytes && is_whole(path, bytes)));
        }
      for (const auto& [path, bytes] : *all) expected += path.starts_with("runs/old/") ? 1 : 0;
      if (fits && files == expected) return "";
    }
    return "runs/old is neither the old run nor the new one; ";
  }

  std::string trouble_in_files(const Contents& now, bool may_leave) const {
    std::string trouble = trouble_in_run(now);
    for (const auto& [path, bytes] : now) {
      if (is_temporary(path)) {
        if (!may_leave) trouble += path + " is left; ";
        continue;
      }
      std::string usual = path;
      constexpr std::string_view kAside = "-unfinished-";  // and six letters
      if (const std::size_t at = path.find(kAside); at != std::string::npos) usual.erase(at, kAside.size() + 6);
      const auto old = before_.find(path), fresh = new_.find(usual);
      if (old == before_.end() && fresh == new_.end())
        trouble += path + " should not exist; ";
      else if ((old == before_.end() || old->second != bytes) && (fresh == new_.end() || fresh->second != bytes) &&
               !is_whole(path, bytes))
        trouble += path + " is half written; ";
    }
    for (const auto& [path, bytes] : before_)
      if (!now.contains(path) && !path.starts_with("runs/old")) trouble += path + " is lost; ";
    return trouble;
  }

  // All outputs of a command that has succeeded.
  std::string trouble_in_success(const Contents& now, const Result& result) const {
    std::string trouble;
    for (const auto& [path, bytes] : new_) {
      const auto found = now.find(path);
      const auto old = before_.find(path);
      const bool is_unchanged = old != before_.end() && old->second == bytes;
      if (found == now.end())
        trouble += path + " is missing; ";
      else if (found->second != bytes && (!is_whole(path, found->second) ||
                                          (!is_unchanged && old != before_.end() && old->second == found->second)))
        trouble += path + " is wrong; ";
    }
    if (has_steady_output_ && result.out != output_) trouble += "another output: " + result.out;
    if (contains(result.err, "error:")) trouble += "success with an error; ";
    return trouble;
  }

  static std::string trouble_in_message(const Result& result) {
    const bool is_documented = result.code == 2 || result.code == 3 || result.code == 6;
    std::string trouble = is_documented && result.signal == 0 ? "" : "exit code " + std::to_string(result.code) + "; ";
    const std::size_t error = result.err.find("chainrule: error: ");
    if (error == std::string::npos) return trouble + "no line says why; ";
    std::string last = result.err.substr(error);
    last.erase(0, last.find('\n') + 1);
    if (last.starts_with("hint: ")) last.erase(0, last.find('\n') + 1);
    return trouble + (last.empty() ? "" : "more than one line says why; ");
  }

  // What the same command does after the fault.
  std::string trouble_afterwards(Words words, const Contents& left) const {
    // Nothing but a result may take a name: the first epoch of a run, the first line of a log.
    const bool has_begun = std::ranges::any_of(left, [&](const auto& file) {
      return !before_.contains(file.first) && !is_temporary(file.first) && file.second != "folder" &&
             file.first != "runs/new/config.toml";
    });
    if (has_begun && words.back() != "--force") words.push_back("--force");
    const Result again = run(dir_, words);
    if (again.code != 0) return "afterwards: " + again.err;
    const Contents now = contents();
    std::string trouble = trouble_in_success(now, again);
    for (const auto& [path, bytes] : now)
      if (is_temporary(path)) trouble += path + " is left by the next command, too; ";
    return trouble;
  }

  bool suffer(const Words& words, const CallFault& fault) {
    restore();
    const Supervised attempt(dir_, words, fault);
    const SystemCall& call = *std::ranges::find(system_calls(), fault.call, &SystemCall::number);
    if (!attempt.has_fired()) return false;
    const Result& result = attempt.result();
    const Contents now = contents();
    const bool is_kill = fault.kind == CallFault::Kind::kill;
    // What cannot be removed is removed by the next command.
    const bool may_leave = fault.kind != CallFault::Kind::once || call.removes;
    std::string trouble = trouble_in_files(now, may_leave);
    if (!is_kill && result.code == 0) trouble += trouble_in_success(now, result);
    if (!is_kill && result.code != 0 && !attempt.fails_to_speak()) trouble += trouble_in_message(result);
    const bool is_left = std::ranges::any_of(now, [](const auto& file) { return is_temporary(file.first); });
    if (is_kill || is_left || (result.code != 0 && now != before_)) trouble += trouble_afterwards(words, now);
    if (trouble.empty()) return true;
    std::string command;
    for (const std::string& word : words) command += word + " ";
    constexpr const char* kKinds[] = {"", "once", "from then on", "lost disk", "killed"};
    ADD_FAILURE() << command << "\n  call " << fault.at << ", " << call.name << ", "
                  << kKinds[static_cast<int>(fault.kind)] << (fault.error != 0 ? std::strerror(fault.error) : "")
                  << ": exit " << result.code << "\n  " << trouble << "\n  " << result.err;
    return true;
  }

  Dir dir_;
  Contents before_, new_;  // the files before the command, and after one without a fault
  std::string output_;
  bool has_steady_output_ = false;
};

}  // namespace chainrule
