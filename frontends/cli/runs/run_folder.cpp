// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/run_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/checks.h"
#include "chainrule/base/system_error.h"
#include "cli/runs/config.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNew = ".new-";  // .NAME.new-SUFFIX: a run that will replace NAME
constexpr std::string_view kOld = ".old-";  // .NAME.old-SUFFIX: the run that is being replaced, where folders cannot
                                            // be exchanged
constexpr std::size_t kRandom = 6;          // letters of a suffix, as mkdtemp() draws them

[[noreturn]] void fail(const std::string& path, const std::string& what, int error_number) {
  throw Error(ErrorCategory::output, location(path) + ": " + what + ": " + reason_of(error_number));
}

[[noreturn]] void refuse_existing(ErrorCategory category, const std::string& path) {
  throw Error(category, location(path) + ": already exists", "--force replaces it, or choose another name for --run");
}

[[noreturn]] void refuse_busy(const std::string& path) {
  throw Error(ErrorCategory::usage,
              location(path) + ": expected a run that no other program is writing, found one in use",
              "choose another name for --run, or wait for that program");
}

constexpr std::array<std::string_view, 4> kFiles{"config.toml", "metrics.jsonl", "model.safetensors", "report.html"};

// Also a temporary file of AtomicFile.
bool is_of_a_run(const std::string& name) {
  return std::ranges::find(kFiles, name) != kFiles.end() || name.starts_with("events.out.tfevents.") ||
         (name.starts_with(".chainrule-") && name.ends_with(".tmp"));
}

// What is in a folder; less if it cannot be listed.
std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
    entries.push_back(*at);
  return entries;
}

// Removes the files of a run, and the folder if nothing else is in it. Tries twice: an error of the disk may pass.
void remove_run(const std::string& folder) noexcept {
  std::error_code problem;
  for (int tries = 0; tries < 2; ++tries) {
    for (const std::string_view file : kFiles) fs::remove(fs::path(folder) / file, problem);  // no list is needed
    for (const fs::directory_entry& entry : entries_of(folder))
      if (!entry.is_directory(problem) && is_of_a_run(entry.path().filename().string()))
        fs::remove(entry.path(), problem);
    fs::remove(folder, problem);
    if (!problem) return;
  }
}

// Moves what no run has written to another folder.
void move_others(const std::string& from, const std::string& to) {
  std::error_code none;
  for (const fs::directory_entry& entry : entries_of(from)) {
    const fs::path there = fs::path(to) / entry.path().filename();
    if (!is_of_a_run(entry.path().filename().string()) && !fs::exists(there, none))
      fs::rename(entry.path(), there, none);
  }
}

// Whether a run that has ended is worth keeping.
bool has_result(const std::string& folder) {
  std::error_code none;
  const std::uintmax_t lines = fs::file_size(fs::path(folder) / "metrics.jsonl", none);
  return (!none && lines > 0) || fs::exists(fs::path(folder) / "model.safetensors", none);
}

// A descriptor whose lock tells other programs that this one is alive; -1 if another one holds it.
int locked(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  const int problem = errno;
  close(descriptor);
  errno = problem;
  return -1;
}

void unlock(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

// "NAME" of ".NAME<mark>SUFFIX"; "" for other names.
std::string name_in(const std::string& entry, std::string_view mark) {
  const std::size_t tail = mark.size() + kRandom;
  if (entry.size() < tail + 2 || entry[0] != '.' || entry.compare(entry.size() - tail, mark.size(), mark) != 0)
    return "";
  return entry.substr(1, entry.size() - tail - 1);
}

// What dead processes have left: a new run that never got its name is removed; an old one that was moved aside comes
// back, or is removed if the new one is there. Returns whether another process is making the run of this name.
bool tidy(const fs::path& runs, const std::string& wanted) {
  std::error_code none;
  bool is_busy = false;
  for (const fs::directory_entry& entry : entries_of(runs)) {
    const std::string name = entry.path().filename().string();
    const bool is_new = !name_in(name, kNew).empty();
    const fs::path old_one = runs / name_in(name, kOld);
    if (!is_new && name_in(name, kOld).empty()) continue;
    int lock = locked(entry.path().string());
    if (lock < 0) {
      is_busy = is_busy || (errno == EWOULDBLOCK && name_in(name, kNew) == wanted);
      continue;
    }
    if (is_new || fs::exists(old_one, none))
      remove_run(entry.path().string());
    else
      fs::rename(entry.path(), old_one, none);
    unlock(lock);
  }
  return is_busy;
}

// The permissions of a new folder.
mode_t usual_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0777 & ~mask;
}

// Flushes the names in a folder to disk.
void flush_folder(const fs::path& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

// `work` becomes `path`; returns where the old folder is now.
std::string replace_folder(const std::string& work, const std::string& path) {
  if (renameat2(AT_FDCWD, work.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) return work;
  std::string old = work;
  old.replace(old.size() - kRandom - kNew.size(), kNew.size(), kOld);
  int lock = locked(path);
  if (rename(path.c_str(), old.c_str()) != 0) {
    const int problem = errno;
    unlock(lock);
    fail(path, "cannot be replaced", problem);
  }
  const int problem = rename(work.c_str(), path.c_str()) == 0 ? 0 : errno;
  if (problem != 0) rename(old.c_str(), path.c_str());
  unlock(lock);
  if (problem != 0) fail(path, "cannot be replaced", problem);
  return old;
}

}  // namespace

RunFolder::RunFolder(const std::string& name, bool overwrite)
    : path_("runs/" + name), target_(path_), work_(path_), overwrite_(overwrite) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  constexpr std::size_t kMax = 100;
  if (name.empty() || name.size() > kMax || name[0] == '.' || name[0] == '-' ||
      name.find_first_not_of(kPlain) != std::string::npos)
    throw Error(ErrorCategory::usage,
                "--run: expected a name of letters, digits, _, - and dots, found " + in_quotes(name),
                "the run goes to runs/NAME");
  std::error_code none;
  if (!fs::exists(path_, none)) return;
  if (!overwrite) refuse_existing(ErrorCategory::usage, path_);
  if (!fs::is_directory(path_, none))
    throw Error(ErrorCategory::usage, location(path_) + ": expected a folder, found a file",
                "choose another name for --run");
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      work_(std::move(other.work_)),
      overwrite_(other.overwrite_),
      replaces_(other.replaces_),
      is_open_(std::exchange(other.is_open_, false)),
      is_kept_(other.is_kept_),
      lock_(std::exchange(other.lock_, -1)),
      old_lock_(std::exchange(other.old_lock_, -1)) {}

RunFolder::~RunFolder() {
  if (is_open_) give_up();
  unlock(lock_);
  unlock(old_lock_);
}

void RunFolder::make_beside() {
  std::error_code problem;
  struct stat old {};
  replaces_ = stat(path_.c_str(), &old) == 0;
  if (!replaces_ && errno != ENOENT) fail(path_, "cannot be created", errno);
  if (replaces_ && !overwrite_) refuse_existing(ErrorCategory::usage, path_);
  if (replaces_) {
    target_ = fs::canonical(path_, problem).string();
    if (problem) fail(path_, "cannot be replaced", problem.value());
    old_lock_ = locked(target_);
    if (old_lock_ < 0 && errno == EWOULDBLOCK) refuse_busy(path_);
  }
  const fs::path target(target_);
  work_ = (target.parent_path() / ("." + target.filename().string() + std::string(kNew) + std::string(kRandom, 'X')))
              .string();
  if (mkdtemp(work_.data()) == nullptr) fail(path_, "no folder can be made beside it", errno);
  is_open_ = true;
  lock_ = locked(work_);
  chmod(work_.c_str(), replaces_ ? old.st_mode & 07777 : usual_mode());
}

// Returns the error.
int RunFolder::take_name() noexcept {
  int problem = renameat2(AT_FDCWD, work_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  struct stat there {};
  if ((problem == EINVAL || problem == ENOSYS) && lstat(path_.c_str(), &there) != 0 && errno == ENOENT)
    problem = rename(work_.c_str(), path_.c_str()) == 0 ? 0 : errno;  // file systems that cannot compare and rename
  if (problem == 0) work_ = path_;
  return problem;
}

void RunFolder::keep() {
  if (is_kept_) return;
  is_kept_ = true;
  if (!replaces_ && take_name() == EEXIST) refuse_existing(ErrorCategory::output, path_);
}

void RunFolder::begin(const FitOptions& options, const RunRecord& record) {
  std::error_code problem;
  const fs::path runs = fs::path(path_).parent_path();
  fs::create_directories(runs, problem);
  if (problem) fail(runs.string(), "cannot be created", problem.value());
  if (tidy(runs, fs::path(path_).filename().string())) refuse_busy(path_);
  make_beside();
  AtomicFile file(written_to(config()), overwrite_);
  file.write(config_text(options) + run_text(record));
  file.commit();
}

void RunFolder::finish() {
  const fs::path parent = fs::path(target_).parent_path();
  flush_folder(work_);
  if (!replaces_ && work_ != path_)
    if (const int problem = take_name(); problem != 0) fail(path_, "cannot be created", problem);
  if (replaces_) {
    const std::string old = replace_folder(work_, target_);
    is_open_ = false;
    flush_folder(parent);
    move_others(old, target_);
    remove_run(old);
  }
  is_open_ = false;
  flush_folder(parent);
}

std::string RunFolder::set_aside() noexcept {
  if (!is_open_ || work_ == path_) return "";
  const std::string there = path_ + "-unfinished-" + work_.substr(work_.size() - kRandom);
  if (rename(work_.c_str(), there.c_str()) != 0) return "";
  is_open_ = false;
  return there;
}

void RunFolder::give_up() noexcept {
  if (is_kept_ && !replaces_ && work_ != path_) take_name();
  if (work_ != path_ || !has_result(path_)) remove_run(work_);
}

std::string run_named_by_time() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%SZ", &utc)};
}

RunRecord record_of(const Arguments& arguments) {
  RunRecord record{arguments.files, arguments.texts("validation"), {}};
  for (const char* const flag : kLayoutFlags)
    if (arguments.has(flag)) record.layout[flag] = arguments.text(flag);
  return record;
}

}  // namespace chainrule::cli
