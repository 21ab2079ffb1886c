// SPDX-License-Identifier: Apache-2.0
// Checks every system call; undoes what was begun before it throws the error.
#include "chainrule/base/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/base/system_error.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;
constexpr int kMaxLinks = 40;           // of a chain of symbolic links; the kernel has the same limit
constexpr int kMaxTemporaries = 10000;  // names tried, since a killed process may have left such files
constexpr std::string_view kTemporary = ".chainrule-", kEnding = ".tmp";

// The names of the temporary files that exist now, for a signal handler, which can only communicate through globals.
std::array<std::atomic<const char*>, 64> temporaries{};
static_assert(std::atomic<const char*>::is_always_lock_free);

void remember(const char* name) {
  for (std::atomic<const char*>& slot : temporaries) {
    const char* none = nullptr;
    if (slot.compare_exchange_strong(none, name)) return;
  }
}

void forget(const char* name) noexcept {
  for (std::atomic<const char*>& slot : temporaries) {
    const char* held = name;
    if (slot.compare_exchange_strong(held, nullptr)) return;
  }
}

std::string reason(int error_number) {
  std::string text = reason_of(error_number);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

[[noreturn]] void refuse(ErrorCategory category, const std::string& path, const std::string& what,
                         std::string hint = {}) {
  throw Error(category, location(path) + ": cannot be written: " + what, std::move(hint));
}

[[noreturn]] void refuse_existing(ErrorCategory category, const std::string& path) {
  throw Error(category, location(path) + ": already exists",
              message_of("choose another name, or use ", NamedOption{"force"}, " to replace it"));
}

// The file that an output's name leads to.
struct Target {
  std::string file;    // with symbolic links at its end resolved
  std::string folder;  // where `file` is
  bool exists = false;
  bool special = false;      // not a regular file: written directly
  int open_descriptor = -1;  // the descriptor of this process that the name means, or -1
  struct stat status {};     // if it exists
};

// Names of descriptors that are already open: opening the file behind them again would lose the position in it.
int descriptor_of(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view digits = path.substr(folder.size());
    int number = -1;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem == std::errc() && end == digits.data() + digits.size()) return number;
  }
  return -1;
}

fs::path without_links(const std::string& path, ErrorCategory category) {
  fs::path current = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    std::error_code problem;
    if (fs::symlink_status(current, problem).type() != fs::file_type::symlink) return current;
    const fs::path next = fs::read_symlink(current, problem);
    if (problem) refuse(category, path, reason(problem.value()));
    current = next.is_absolute() ? next : current.parent_path() / next;
  }
  refuse(category, path, reason(ELOOP));
}

void check_existing(const std::string& path, bool overwrite, ErrorCategory category, Target& target) {
  const mode_t mode = target.status.st_mode;
  if (S_ISDIR(mode)) refuse(category, path, "it is a folder");
  if (S_ISBLK(mode)) refuse(category, path, "it is a block device");
  if (S_ISSOCK(mode)) refuse(category, path, "it is a socket");
  target.special = !S_ISREG(mode) || target.open_descriptor >= 0;
  if (!target.special && !overwrite) refuse_existing(ErrorCategory::usage, path);
  if (target.open_descriptor < 0 && faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0)
    refuse(category, path, errno == EACCES ? "it is write protected" : reason(errno));
}

void check_folder(const std::string& path, ErrorCategory category, const Target& target) {
  const std::string named = in_quotes(target.folder, 4096);
  struct stat status {};
  if (stat(target.folder.c_str(), &status) != 0) {
    if (errno == ENOENT) refuse(category, path, "folder " + named + " does not exist");
    refuse(category, path, "folder " + named + ": " + reason(errno));
  }
  if (!S_ISDIR(status.st_mode)) refuse(category, path, named + " is not a folder");
}

Target find_target(const std::string& path, bool overwrite, ErrorCategory category) {
  if (path.empty()) refuse(category, path, "expected a file name, found an empty one");
  if (path.find('\0') != std::string::npos) refuse(category, path, "a file name cannot hold a zero byte");
  Target target;
  target.open_descriptor = descriptor_of(path);
  target.exists = (target.open_descriptor >= 0 ? fstat(target.open_descriptor, &target.status)
                                               : stat(path.c_str(), &target.status)) == 0;
  const int problem = target.exists ? 0 : errno;
  if (target.open_descriptor >= 0 && !target.exists) refuse(category, path, reason(problem));
  if (target.exists) check_existing(path, overwrite, category, target);
  if (target.special) return target;
  const fs::path file = without_links(path, category);
  target.file = file.string();
  target.folder = file.has_parent_path() ? file.parent_path().string() : ".";
  check_folder(path, category, target);
  if (problem != 0 && problem != ENOENT) refuse(category, path, reason(problem));
  if (!file.has_filename()) refuse(category, path, "expected a file name after the last slash");
  return target;
}

// Whether the lock of a temporary file is ours now. One that another process is just removing has no name any more.
// File systems without locks count as locked: nobody can take the file for a dead process's then.
bool lock_temporary(int descriptor) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat status {};
  return fstat(descriptor, &status) != 0 || status.st_nlink > 0;
}

// Removes the temporary files in a folder whose processes no longer hold their locks.
void remove_dead_temporaries(const std::string& folder) noexcept {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()), closedir);
  if (!entries) return;
  while (const dirent* const entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kTemporary) || !name.ends_with(kEnding)) continue;
    const int file = openat(dirfd(entries.get()), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) continue;
    struct stat status {};
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0)
      unlinkat(dirfd(entries.get()), entry->d_name, 0);
    close(file);
  }
}

// A new locked file with an unused name, which is remembered before the file exists: a signal may come in between. A
// killed process may have left one, even with our own process number.
int create_temporary(const std::string& folder, mode_t mode, std::string& name) {
  const std::string start = (fs::path(folder) / (std::string(kTemporary) + std::to_string(getpid()) + '-')).string();
  for (int k = 0; k < kMaxTemporaries; ++k) {
    name = start + std::to_string(k) + std::string(kEnding);
    if (access(name.c_str(), F_OK) == 0) {  // not ours to remove
      errno = EEXIST;
      continue;
    }
    remember(name.c_str());
    const int descriptor = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor >= 0 && lock_temporary(descriptor)) return descriptor;
    const int problem_of_open = errno;
    forget(name.c_str());
    errno = problem_of_open;
    if (descriptor >= 0) {
      close(descriptor);
      continue;
    }
    if (errno != EEXIST && errno != EINTR) break;
  }
  const int problem = errno;
  name.clear();
  errno = problem;
  return -1;
}

int open_again(const std::string& path, int flags) {
  int descriptor = -1;
  do descriptor = open(path.c_str(), flags | O_CLOEXEC);
  while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

int open_special(const std::string& path, int open_descriptor) {
  if (open_descriptor >= 0) return fcntl(open_descriptor, F_DUPFD_CLOEXEC, 3);
  return open_again(path, O_WRONLY | O_NOCTTY);
}

// Some file systems and all pipes cannot flush and return an error, which does not count.
bool flushed(int descriptor) {
  int status = 0;
  do status = fsync(descriptor);
  while (status != 0 && errno == EINTR);
  return status == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
}

// Renames only if `to` does not exist. link() refuses an existing name. File systems without hard links leave a short
// gap between the check and the renaming.
int rename_without_replacing(const std::string& from, const std::string& to) {
  if (link(from.c_str(), to.c_str()) == 0) {
    if (unlink(from.c_str()) == 0) return 0;
    const int problem = errno;
    unlink(to.c_str());
    return problem;
  }
  if (errno == EEXIST) return EEXIST;
  struct stat status {};
  if (lstat(to.c_str(), &status) == 0) return EEXIST;
  if (errno != ENOENT) return errno;
  return rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

// Free bytes for the message about a full disk; 0 if unknown.
std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs status {};
  if (folder.empty() || statvfs(folder.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

std::string largest_file_text() {
  struct rlimit limit {};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "";
  return ", " + std::to_string(limit.rlim_cur) + " bytes allowed";
}

std::string folder_of(const std::string& file) {
  if (file.empty()) return "";
  const fs::path path = file;
  return path.has_parent_path() ? path.parent_path().string() : ".";
}

}  // namespace

void check_output_path(const std::string& path, bool overwrite) {
  const Target target = find_target(path, overwrite, ErrorCategory::usage);
  if (target.special) return;
  std::string temporary;
  const int descriptor = create_temporary(target.folder, S_IRUSR | S_IWUSR, temporary);
  if (descriptor < 0)  // errno would mean "no such file" for a folder that exists, such as /proc
    refuse(ErrorCategory::usage, path,
           "folder " + in_quotes(target.folder, 4096) + ": " +
               (errno == ENOENT ? "no file can be created in it" : reason(errno)));
  const bool removed = unlink(temporary.c_str()) == 0 || errno == ENOENT;
  const int problem = errno;
  forget(temporary.c_str());
  close(descriptor);
  if (!removed) refuse(ErrorCategory::usage, path, reason(problem));
}

void remove_temporaries() noexcept {
  for (std::atomic<const char*>& slot : temporaries)
    if (const char* const name = slot.exchange(nullptr)) unlink(name);
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat first {
  }, second{};
  if (stat(a.c_str(), &first) != 0 || stat(b.c_str(), &second) != 0) return false;
  return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

AtomicFile::AtomicFile(std::string path, bool overwrite, std::uint64_t expected_bytes)
    : path_(std::move(path)), overwrite_(overwrite), expected_(expected_bytes) {
  const Target target = find_target(path_, overwrite, ErrorCategory::output);
  target_ = target.file;
  const bool replaces = target.exists && !target.special;
  buffer_.reserve(kBufferBytes);
  if (target.special) {
    descriptor_ = open_special(path_, target.open_descriptor);
  } else {
    // Open it before anything is written. A folder that is writable but not readable cannot be flushed.
    folder_ = open_again(target.folder, O_RDONLY | O_DIRECTORY);
    if (folder_ < 0 && errno != EACCES) fail(errno);
    remove_dead_temporaries(target.folder);
    descriptor_ = create_temporary(target.folder, replaces ? 0600 : 0666, temporary_);
    if (descriptor_ >= 0) lock_ = fcntl(descriptor_, F_DUPFD_CLOEXEC, 3);
    if (descriptor_ >= 0 && lock_ < 0) fail(errno);
  }
  if (descriptor_ < 0) fail(errno);
  // Only the superuser may change a file's owner; otherwise the writer owns the new file, as with any copy.
  if (replaces && fchown(descriptor_, target.status.st_uid, target.status.st_gid) != 0) errno = 0;
  if (replaces && fchmod(descriptor_, target.status.st_mode & 0777) != 0) fail(errno);
}

AtomicFile::~AtomicFile() { give_up(); }

void AtomicFile::write(std::string_view bytes) {
  accepted_ += bytes.size();
  if (bytes.size() < kBufferBytes - buffer_.size()) {
    buffer_ += bytes;
    return;
  }
  flush();
  if (bytes.size() < kBufferBytes)
    buffer_ += bytes;
  else
    write_out(bytes);
}

void AtomicFile::commit() {
  flush();
  flush_to_disk();
  if (!temporary_.empty()) put_in_place();
}

void AtomicFile::flush() {
  write_out(buffer_);
  buffer_.clear();
}

void AtomicFile::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(count < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// After a failed flush or close any page may be lost: the file is discarded, never flushed again.
void AtomicFile::flush_to_disk() {
  if (!flushed(descriptor_)) fail(errno);
  const int closing = std::exchange(descriptor_, -1);
  if (close(closing) != 0 && errno != EINTR) fail(errno);
}

void AtomicFile::put_in_place() {
  int problem = 0;
  if (overwrite_)
    problem = rename(temporary_.c_str(), target_.c_str()) == 0 ? 0 : errno;
  else
    problem = rename_without_replacing(temporary_, target_);
  if (problem == EEXIST) {
    give_up();
    refuse_existing(ErrorCategory::output, path_);
  }
  if (problem != 0) fail(problem);
  forget(temporary_.c_str());
  temporary_.clear();
  if (folder_ >= 0 && !flushed(folder_))
    throw Error(ErrorCategory::output,
                location(path_) + ": written, but may not survive a power failure: its folder: " + reason(errno));
}

void AtomicFile::give_up() noexcept {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  if (folder_ >= 0) close(std::exchange(folder_, -1));
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (!temporary_.empty()) forget(temporary_.c_str());
  temporary_.clear();
  if (lock_ >= 0) close(std::exchange(lock_, -1));
}

void AtomicFile::fail(int error_number) {
  give_up();  // first, so that the free bytes include those of the temporary file
  const std::uint64_t needed = std::max(expected_, accepted_);
  std::string message = location(path_) + ": cannot be written: " + reason(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT)
    message = location(path_) + ": " + reason(error_number) + ": needed " + std::to_string(needed) + " bytes, " +
              std::to_string(free_bytes(folder_of(target_))) + " bytes free";
  if (error_number == EFBIG)
    message = location(path_) + ": " + reason(error_number) + ": needed " + std::to_string(needed) + " bytes" +
              largest_file_text();
  throw Error(ErrorCategory::output, message);
}

void write_file_atomically(const std::string& path, bool overwrite, std::string_view bytes) {
  AtomicFile file(path, overwrite, bytes.size());
  file.write(bytes);
  file.commit();
}

}  // namespace chainrule
