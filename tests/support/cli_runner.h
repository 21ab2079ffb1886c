// SPDX-License-Identifier: Apache-2.0
// For tests of the program: Dir is a temporary folder; Program starts the program in it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace chainrule {

namespace fs = std::filesystem;

inline std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Dir {
 public:
  Dir() {
    std::string name = (fs::temp_directory_path() / "chainrule-cli-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
    fs::create_directory(path_ / "work");
  }
  ~Dir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Dir(const Dir&) = delete;
  Dir& operator=(const Dir&) = delete;

  fs::path path(const std::string& name = "") const { return path_ / "work" / name; }
  fs::path outside(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string read(const std::string& name) const { return read_file(path(name)); }
  bool has(const std::string& name) const { return fs::exists(path(name)); }
  /// Every file, with a checksum of its content (0 for folders).
  std::map<std::string, std::size_t> listing() const {
    std::map<std::string, std::size_t> files;
    for (const auto& entry : fs::recursive_directory_iterator(path()))
      files[entry.path().lexically_relative(path()).string()] =
          entry.is_regular_file() ? std::hash<std::string>()(read_file(entry.path())) : 0;
    return files;
  }

 private:
  fs::path path_;
};

struct Result {
  int code = -1;   ///< exit code, or 128 + signal
  int signal = 0;  ///< that ended it
  std::string out, err;
};

/// One start of the program; its output goes to files outside its working folder.
class Program {
 public:
  Program(const Dir& dir, std::vector<std::string> words) : dir_(dir), words_(std::move(words)) {}
  ~Program() {
    if (pid_ > 0) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Program& input(const std::string& text) {
    std::ofstream(dir_.outside("stdin"), std::ios::binary) << text;
    return *this;
  }
  /// Called in the child before the program starts, e.g. to change its descriptors, limits or user.
  Program& before(std::function<void()> change) {
    before_ = std::move(change);
    return *this;
  }

  Program& start() {
    if (!fs::exists(dir_.outside("stdin"))) input("");
    // wait_for() must not find what the program before has printed.
    for (const char* const stream : {"stdout", "stderr"}) std::ofstream(dir_.outside(stream), std::ios::trunc);
    pid_ = fork();
    if (pid_ == 0) run_child();
    return *this;
  }
  pid_t pid() const { return pid_; }
  void send(int signal) const { kill(pid_, signal); }
  bool is_running() const {
    siginfo_t info{};
    return pid_ > 0 && waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
  }
  /// Waits until standard error contains `text`; false after 20 seconds.
  bool wait_for(const std::string& text) {
    for (int i = 0; i < 2000; ++i) {
      if (read_file(dir_.outside("stderr")).find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  Result wait() {
    Result result;
    for (int i = 0; i < 6000 && is_running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (is_running()) {
      ADD_FAILURE() << "the program did not end within a minute";
      kill(pid_, SIGKILL);
    }
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + result.signal;
    result.out = read_file(dir_.outside("stdout"));
    result.err = read_file(dir_.outside("stderr"));
    return result;
  }
  Result go() { return start().wait(); }

 private:
  static void redirect(const fs::path& path, int flags, int descriptor) {
    const int opened = open(path.c_str(), flags | O_CLOEXEC, 0600);
    dup2(opened, descriptor);
  }

  [[noreturn]] void run_child() const {
    redirect(dir_.outside("stdin"), O_RDONLY, 0);
    redirect(dir_.outside("stdout"), O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(dir_.outside("stderr"), O_WRONLY | O_CREAT | O_TRUNC, 2);
    signal(SIGINT, SIG_DFL);  // a shell starts background programs with it ignored
    signal(SIGPIPE, SIG_DFL);
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    if (chdir(dir_.path().c_str()) != 0) _exit(127);
    if (before_) before_();
    std::vector<char*> arguments{const_cast<char*>("chainrule")};
    for (const std::string& word : words_) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const char* const other = std::getenv("CHAINRULE_PROGRAM");  // e.g. built with a sanitizer
    execv(other == nullptr ? CHAINRULE_PROGRAM : other, arguments.data());
    _exit(126);
  }

  const Dir& dir_;
  std::vector<std::string> words_;
  std::function<void()> before_;
  pid_t pid_ = -1;
};

inline Result run(const Dir& dir, std::vector<std::string> words) { return Program(dir, std::move(words)).go(); }

/// The text on standard error (or output: 1) if it is a terminal with this many columns; "(no terminal)" if none is
/// available.
inline std::string on_terminal(const Dir& dir, std::vector<std::string> words, unsigned short columns = 80,
                               int descriptor = 2) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) return "(no terminal)";
  const winsize size{24, columns, 0, 0};
  ioctl(terminal, TIOCSWINSZ, &size);
  const std::string name = ptsname(terminal);
  Program program(dir, std::move(words));
  program.before([=] { dup2(open(name.c_str(), O_RDWR | O_NOCTTY), descriptor); }).start();
  std::string output;
  char part[4096];
  for (bool ended = false; !ended;) {
    ended = !program.is_running();
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    for (ssize_t n; (n = read(terminal, part, sizeof part)) > 0;) output.append(part, static_cast<std::size_t>(n));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(program.wait().code, 0);
  close(terminal);
  return output;
}

/// Checks that replay reproduces every run with a model in this folder, bit by bit.
inline void expect_replays(const Dir& dir) {
  if (!dir.has("runs")) return;
  for (const fs::directory_entry& one : fs::directory_iterator(dir.path("runs")))
    if (fs::exists(one.path() / "model.safetensors")) {
      const Result again = run(dir, {"replay", "runs/" + one.path().filename().string()});
      EXPECT_EQ(again.code, 0) << one.path() << again.err;
    }
}

/// Three kinds of points, text labels (one with a comma and a quote) and a number that depends on the inputs.
inline std::string points(bool with_class, bool with_number, std::size_t rows = 150) {
  std::string text = "x,y";
  if (with_class) text += ",kind";
  if (with_number) text += ",price";
  text += "\n";
  const char* const kinds[] = {"red", "\"blue, \"\"deep\"\"\"", "green"};
  for (std::size_t i = 0; i < rows; ++i) {
    const double x = static_cast<double>(i % 3) * 2 + static_cast<double>(i * 7 % 11) / 20;
    const double y = static_cast<double>(i % 3 == 1) * 3 + static_cast<double>(i * 5 % 13) / 20;
    std::ostringstream row;
    row << x << ',' << y;
    if (with_class) row << ',' << kinds[i % 3];
    if (with_number) row << ',' << 1000 + 50 * x - 20 * y;
    text += row.str();
    text += "\n";
  }
  return text;
}

/// Arguments for a small, fast training.
inline std::vector<std::string> train_words(std::vector<std::string> more) {
  std::vector<std::string> words{"train", "points.csv", "--preset", "fast", "--hidden",
                                 "8",     "--epochs",   "30",       "--lr", "0.02"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace chainrule
