// SPDX-License-Identifier: Apache-2.0
// Output files are written atomically: for every kind of target, and with a full disk.
#include "chainrule/base/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/base/error.h"

namespace chainrule::atomic_file_test {
namespace {

namespace fs = std::filesystem;

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class AtomicFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("chainrule_atomic_files_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string put(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  // Name -> content of everything in the folder, links as links.
  std::map<std::string, std::string> listing() const {
    std::map<std::string, std::string> all;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_)) {
      const std::string name = entry.path().lexically_relative(folder_).string();
      if (entry.is_symlink())
        all[name] = "-> " + fs::read_symlink(entry.path()).string();
      else
        all[name] = entry.is_regular_file() ? read_bytes(entry.path().string()) : "";
    }
    return all;
  }
  // The error that `work` throws, without the folder's name, or "none". The content of the folder must not change.
  std::string refusal(ErrorCategory category, const std::function<void()>& work) const {
    const auto before = listing();
    std::string text = "none";
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), category) << error.what();
      text = error.what();
      for (std::size_t at; (at = text.find(folder_.string())) != std::string::npos;)
        text.erase(at, folder_.string().size());
      EXPECT_EQ(listing(), before) << text;
    }
    return text;
  }
  std::string checked(const std::string& file, bool overwrite = false) const {
    return refusal(ErrorCategory::usage, [&] { check_output_path(file, overwrite); });
  }
  std::string written(const std::string& file, bool overwrite = false, const std::string& bytes = "new",
                      ErrorCategory category = ErrorCategory::output) const {
    return refusal(category, [&] { write_file_atomically(file, overwrite, bytes); });
  }
  static unsigned mode(const std::string& file) {
    struct stat status {};
    return stat(file.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  fs::path folder_;
};

std::string large(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t k = 0; k < size; ++k) bytes[k] = static_cast<char>(k * 31 >> 3);
  return bytes;
}

TEST_F(AtomicFiles, WritesANewFile) {
  const mode_t mask = umask(027);
  for (const std::size_t size : {0UL, 1UL, 262'143UL, 262'144UL, 262'145UL, 3'000'001UL}) {
    const std::string file = path("new" + std::to_string(size));
    EXPECT_EQ(checked(file), "none");
    EXPECT_EQ(listing().count(fs::path(file).filename()), 0u);
    EXPECT_EQ(written(file, false, large(size)), "none");
    EXPECT_EQ(read_bytes(file), large(size));
    EXPECT_EQ(mode(file), 0640u);
  }
  umask(mask);
  EXPECT_EQ(listing().size(), 6u);
}

TEST_F(AtomicFiles, WritesInPieces) {
  const std::string bytes = large(1'500'000);
  AtomicFile file(path("pieces"), false);
  for (std::size_t at = 0, k = 1; at < bytes.size(); at += k, k = k * 7 % 400'009)
    file.write(std::string_view(bytes).substr(at, k));
  EXPECT_FALSE(fs::exists(path("pieces")));
  file.commit();
  EXPECT_EQ(read_bytes(path("pieces")), bytes);
  EXPECT_EQ(listing().size(), 1u);
}

TEST_F(AtomicFiles, RemovesWhatDeadProcessesHaveLeft) {
  AtomicFile alive(path("alive"), false);
  alive.write("whole");
  const std::string dead = put(".chainrule-1-0.tmp", "half"),
                    own = put(".chainrule-" + std::to_string(getpid()) + "-7.tmp", "half");
  const std::string other = put(".chainrule-1-0.csv", "no temporary file");
  fs::create_directory(path(".chainrule-2-0.tmp"));
  fs::create_symlink(other, path(".chainrule-3-0.tmp"));
  EXPECT_EQ(written(path("new")), "none");
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_FALSE(fs::exists(own)) << "of a dead process with this number";
  EXPECT_TRUE(fs::exists(other) && fs::exists(path(".chainrule-2-0.tmp")) &&
              fs::is_symlink(path(".chainrule-3-0.tmp")));
  alive.commit();
  EXPECT_EQ(read_bytes(path("alive")), "whole");
  EXPECT_EQ(listing().size(), 5u);
}

TEST_F(AtomicFiles, ASignalHandlerRemovesTheTemporaryFiles) {
  AtomicFile one(path("one"), false), two(path("two"), false);
  EXPECT_EQ(listing().size(), 2u);
  remove_temporaries();
  EXPECT_EQ(listing().size(), 0u);
  EXPECT_THROW(one.commit(), Error);
}

TEST_F(AtomicFiles, GivenUpNothingHasHappened) {
  const std::string old = put("old", "precious");
  const auto before = listing();
  {
    AtomicFile fresh(path("new"), false), replacing(old, true);
    fresh.write(large(600'000));
    replacing.write(large(600'000));
    EXPECT_EQ(read_bytes(old), "precious");
    EXPECT_EQ(listing().size(), 3u);
  }
  EXPECT_EQ(listing(), before);
}

TEST_F(AtomicFiles, ReplacesAFileOnlyWithTheOption) {
  const std::string old = put("old", "precious");
  fs::permissions(old, static_cast<fs::perms>(0604));
  EXPECT_EQ(checked(old), "/old: already exists");
  EXPECT_EQ(written(old, false, "new", ErrorCategory::usage), "/old: already exists");
  EXPECT_EQ(checked(old, true), "none");
  EXPECT_EQ(read_bytes(old), "precious");
  EXPECT_EQ(written(old, true), "none");
  EXPECT_EQ(read_bytes(old), "new");
  EXPECT_EQ(mode(old), 0604u);
  EXPECT_EQ(listing().size(), 1u);
}

TEST_F(AtomicFiles, AFileThatAppearedMeanwhileStays) {
  AtomicFile file(path("new"), false);
  file.write("ours");
  put("new", "theirs");
  try {
    file.commit();
    ADD_FAILURE() << "replaced";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::output);
    EXPECT_EQ(error.what(), path("new") + ": already exists");
  }
  EXPECT_EQ(listing(), (std::map<std::string, std::string>{{"new", "theirs"}}));
}

TEST_F(AtomicFiles, WritesThroughLinks) {
  fs::create_directory(path("there"));
  put("there/file", "old");
  fs::create_symlink("there/file", path("link"));
  fs::create_symlink(path("link"), path("second"));
  fs::create_symlink("there/none", path("dangling"));
  fs::create_symlink("round", path("round"));
  fs::create_symlink("away/none", path("lost"));
  EXPECT_EQ(checked(path("second")), "/second: already exists");
  EXPECT_EQ(written(path("second"), true), "none");
  EXPECT_EQ(checked(path("dangling")), "none");
  EXPECT_EQ(written(path("dangling")), "none");
  EXPECT_EQ(checked(path("round")), "/round: cannot be written: too many levels of symbolic links");
  EXPECT_EQ(checked(path("lost")), "/lost: cannot be written: folder \"/away\" does not exist");
  const auto all = listing();
  EXPECT_EQ(all.at("there/file"), "new");
  EXPECT_EQ(all.at("there/none"), "new");
  EXPECT_EQ(all.at("link"), "-> there/file");
  EXPECT_EQ(all.at("dangling"), "-> there/none");
}

TEST_F(AtomicFiles, RefusesWhatCannotBecomeAFile) {
  put("file", "x");
  fs::create_directory(path("folder"));
  const auto both = [&](const std::string& file, const std::string& expected) {
    EXPECT_EQ(checked(file, true), expected);
    EXPECT_EQ(written(file, true), expected);
  };
  both("", "\"\": cannot be written: expected a file name, found an empty one");
  both(std::string("a\0b", 3), "a\\x00b: cannot be written: a file name cannot hold a zero byte");
  both(path("folder"), "/folder: cannot be written: it is a folder");
  both(path("folder/"), "/folder/: cannot be written: it is a folder");
  both(path("none/x"), "/none/x: cannot be written: folder \"/none\" does not exist");
  both(path("none/"), "/none/: cannot be written: folder \"/none\" does not exist");
  both(path("file/x"), "/file/x: cannot be written: \"/file\" is not a folder");
  both(path(std::string(300, 'a')), "/" + std::string(300, 'a') + ": cannot be written: file name too long");
  both("/dev/fd/987654", "/dev/fd/987654: cannot be written: bad file descriptor");
  EXPECT_NE(checked("/proc/none").find("/proc/none: cannot be written: "), std::string::npos);
  EXPECT_NE(written("/proc/none").find("/proc/none: cannot be written: "), std::string::npos);
}

TEST_F(AtomicFiles, RespectsPermissions) {
  const std::string file = put("file", "x");
  fs::permissions(file, static_cast<fs::perms>(0444));
  fs::create_directory(path("closed"));
  fs::permissions(path("closed"), static_cast<fs::perms>(0555));
  fs::permissions(folder_, static_cast<fs::perms>(0777));
  const bool super = geteuid() == 0;  // root may write everywhere
  ASSERT_TRUE(!super || seteuid(65534) == 0);
  EXPECT_EQ(checked(file, true), "/file: cannot be written: it is write protected");
  EXPECT_EQ(written(file, true), "/file: cannot be written: it is write protected");
  EXPECT_EQ(checked(path("closed/x")), "/closed/x: cannot be written: folder \"/closed\": permission denied");
  EXPECT_EQ(written(path("closed/x")), "/closed/x: cannot be written: permission denied");
  EXPECT_EQ(written(path("open")), "none");
  ASSERT_TRUE(!super || seteuid(0) == 0);
}

TEST_F(AtomicFiles, KnowsTheSameFile) {
  const std::string a = put("a", "x"), b = put("b", "x");
  fs::create_symlink("a", path("link"));
  fs::create_hard_link(a, path("hard"));
  EXPECT_TRUE(same_file(a, a));
  EXPECT_TRUE(same_file(a, path("./a")));
  EXPECT_TRUE(same_file(path("link"), a));
  EXPECT_TRUE(same_file(a, path("hard")));
  EXPECT_FALSE(same_file(a, b));
  EXPECT_FALSE(same_file(a, path("none")));
  EXPECT_FALSE(same_file(path("none"), path("none")));
  EXPECT_FALSE(same_file("/dev/null", "/dev/null"));
}

TEST_F(AtomicFiles, WritesSpecialFilesDirectly) {
  EXPECT_EQ(checked("/dev/null"), "none");
  EXPECT_EQ(written("/dev/null"), "none");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_bytes(path("pipe")); });
  write_file_atomically(path("pipe"), false, large(1'000'000));
  reader.join();
  EXPECT_EQ(got, large(1'000'000));
  // An open descriptor continues at its position.
  const int descriptor = open(path("open").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(::write(descriptor, "before ", 7), 7);
  write_file_atomically("/dev/fd/" + std::to_string(descriptor), false, "after");
  close(descriptor);
  EXPECT_EQ(read_bytes(path("open")), "before after");
  EXPECT_EQ(listing().size(), 2u);
}

// "...: needed 12 bytes, 34 bytes free"
void expect_full(const std::string& message, std::uint64_t needed) {
  EXPECT_NE(message.find(": no space left on device: needed " + std::to_string(needed) + " bytes, "), std::string::npos)
      << message;
  EXPECT_NE(message.find(" bytes free"), std::string::npos) << message;
}

TEST_F(AtomicFiles, FullDevice) {
  EXPECT_EQ(checked("/dev/full"), "none");
  expect_full(written("/dev/full", false, "new"), 3);
  expect_full(written("/dev/full", false, large(1'000'000)), 1'000'000);
}

TEST_F(AtomicFiles, FullDisk) {
  fs::create_directory(path("disk"));
  if (mount("tmpfs", path("disk").c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "skipped: a small file system cannot be mounted here";
  put("disk/old", "precious");
  const std::string message = written(path("disk/old"), true, large(1'000'000));
  expect_full(message, 1'000'000);
  EXPECT_NE(message.find(", 258048 bytes free"), std::string::npos) << message;  // all but one page
  expect_full(written(path("disk/new"), false, large(1'000'000)), 1'000'000);
  EXPECT_EQ(written(path("disk/old"), true, large(100'000)), "none");  // a control: a file that fits is written
  EXPECT_EQ(umount(path("disk").c_str()), 0);
}

TEST_F(AtomicFiles, FileSizeLimit) {
  const std::string old = put("old", "precious");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string replaced = written(old, true, large(100'001)), fresh = written(path("new"), false, large(400'000));
  const std::string fits = written(old, true, large(100'000));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(replaced, "/old: file too large: needed 100001 bytes, 100000 bytes allowed");
  EXPECT_EQ(fresh, "/new: file too large: needed 400000 bytes, 100000 bytes allowed");
  EXPECT_EQ(fits, "none");
}

TEST_F(AtomicFiles, StepsAsideForAProcessOfThisNumberInAnotherContainer) {
  const std::string left = ".chainrule-" + std::to_string(getpid()) + "-0.tmp";
  const int held = open(put(left, "half a model").c_str(), O_RDONLY);
  ASSERT_EQ(flock(held, LOCK_EX), 0);
  EXPECT_EQ(written(path("new")), "none");
  close(held);
  EXPECT_EQ(listing(), (std::map<std::string, std::string>{{left, "half a model"}, {"new", "new"}}));
}

TEST_F(AtomicFiles, ManyAtOnce) {
  std::vector<std::thread> writers;
  for (int k = 0; k < 8; ++k)
    writers.emplace_back(
        [this, k] { write_file_atomically(path("shared"), true, std::string(300'000, static_cast<char>('a' + k))); });
  for (std::thread& writer : writers) writer.join();
  const std::string bytes = read_bytes(path("shared"));
  EXPECT_EQ(bytes, std::string(300'000, bytes.at(0)));
  EXPECT_EQ(listing().size(), 1u);
}

}  // namespace
}  // namespace chainrule::atomic_file_test
