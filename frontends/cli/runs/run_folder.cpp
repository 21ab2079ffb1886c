// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/run_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/checks.h"
#include "cli/runs/config.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNew = ".new-";  // runs/.NAME.new-PID: a run that will replace NAME
constexpr const char* kOld = ".old-";  // runs/.NAME.old-PID: the run that is being replaced, where folders cannot be
                                       // exchanged

[[noreturn]] void fail(const std::string& path, const std::string& what, int error_number) {
  throw Error(ErrorCategory::output,
              location(path) + ": " + what + ": " + std::generic_category().message(error_number));
}

void make_folder(const std::string& path) {
  std::error_code problem;
  fs::create_directories(path, problem);
  if (problem) fail(path, "cannot be created", problem.value());
}

// runs/NAME as runs/.NAME.new-PID
std::string beside(const std::string& path, const char* mark) {
  const fs::path run(path);
  return (run.parent_path() / ("." + run.filename().string() + mark + std::to_string(getpid()))).string();
}

bool is_gone(pid_t process) { return kill(process, 0) != 0 && errno == ESRCH; }

// The name in ".NAME<mark>PID" if that process is gone.
std::optional<std::string> left_behind(const std::string& entry, std::string_view mark) {
  const std::size_t at = entry.rfind(mark);
  if (at == std::string::npos || entry[0] != '.') return std::nullopt;
  pid_t process = 0;
  const char* const end = entry.data() + entry.size();
  const auto [read, problem] = std::from_chars(entry.data() + at + mark.size(), end, process);
  if (problem != std::errc() || read != end || process <= 0 || !is_gone(process)) return std::nullopt;
  return entry.substr(1, at - 1);
}

// What processes that are gone have left: a new run that never replaced the old one is removed; an old one that was
// moved aside comes back, or is removed if the new one is there.
void tidy(const fs::path& runs) {
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(runs, none)) {
    const std::string name = entry.path().filename().string();
    if (left_behind(name, kNew)) fs::remove_all(entry.path(), none);
    if (const std::optional<std::string> run = left_behind(name, kOld)) {
      if (fs::exists(runs / *run, none))
        fs::remove_all(entry.path(), none);
      else
        fs::rename(entry.path(), runs / *run, none);
    }
  }
}

// Flushes the names in a folder to disk.
void flush_folder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

// `work` replaces `path`, which is removed.
void replace(const std::string& work, const std::string& path) {
  std::error_code none;
  if (renameat2(AT_FDCWD, work.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(work, none);
    return;
  }
  const std::string old = beside(path, kOld);
  if (rename(path.c_str(), old.c_str()) != 0 && errno != ENOENT) fail(path, "cannot be replaced", errno);
  if (rename(work.c_str(), path.c_str()) != 0) {
    const int problem = errno;
    rename(old.c_str(), path.c_str());
    fail(path, "cannot be replaced", problem);
  }
  fs::remove_all(old, none);
}

}  // namespace

RunFolder::RunFolder(const std::string& name, bool overwrite) : path_("runs/" + name), overwrite_(overwrite) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  constexpr std::size_t kMax = 100;
  if (name.empty() || name.size() > kMax || name[0] == '.' || name[0] == '-' ||
      name.find_first_not_of(kPlain) != std::string::npos)
    throw Error(ErrorCategory::usage,
                "--run: expected a name of letters, digits, _, - and dots, found " + in_quotes(name),
                "the run goes to runs/NAME");
  std::error_code none;
  const bool exists = fs::exists(path_, none);
  if (exists && !overwrite)
    throw Error(ErrorCategory::usage, location(path_) + ": exists already",
                "--force replaces it, or choose another name for --run");
  if (exists && !fs::is_directory(path_, none))
    throw Error(ErrorCategory::usage, location(path_) + ": expected a folder, found a file",
                "choose another name for --run");
  work_ = exists ? beside(path_, kNew) : path_;
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)),
      work_(std::move(other.work_)),
      overwrite_(other.overwrite_),
      is_open_(std::exchange(other.is_open_, false)) {}

RunFolder::~RunFolder() {
  if (is_open_) give_up();
}

void RunFolder::begin(const FitOptions& options, const RunRecord& record) {
  tidy(fs::path(path_).parent_path());
  make_folder(work_);
  is_open_ = true;
  AtomicFile file(written_to(config()), overwrite_);
  file.write(config_text(options) + run_text(record));
  file.commit();
}

void RunFolder::finish() {
  flush_folder(work_);
  if (work_ != path_) replace(work_, path_);
  is_open_ = false;
  flush_folder(fs::path(path_).parent_path().string());
}

void RunFolder::give_up() noexcept {
  std::error_code none;
  const bool has_epochs = fs::exists(log(), none);  // its first line is written after the first epoch
  if (work_ != path_ || !has_epochs) fs::remove_all(work_, none);
}

std::string run_named_by_time() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%SZ", &utc)};
}

RunRecord record_of(const Arguments& arguments) {
  return {arguments.files[0], arguments.text("validation"), arguments.text("labels"), arguments.text("header"),
          arguments.text("delimiter")};
}

}  // namespace chainrule::cli
