// SPDX-License-Identifier: Apache-2.0
// Runs the program with one system call that fails (once, or with all later ones) or at which the program is killed. A
// filter of the kernel (seccomp, user notification) stops the program at each call that touches files or memory.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/support/cli_runner.h"

namespace chainrule {

/// A system call that touches files or memory, and the errors that it can have.
struct SystemCall {
  int number;
  const char* name;
  std::vector<int> errors;
  bool is_of_memory = false;
  bool removes = false;  ///< so that a failure leaves a file behind
};

inline const std::vector<SystemCall>& system_calls() {
  static const std::vector<SystemCall> all{
#ifdef SYS_access
      {SYS_access, "access", {EIO, ENOMEM}},
      {SYS_chmod, "chmod", {EIO, EPERM}},
      {SYS_link, "link", {EIO, ENOSPC, EACCES}},
      {SYS_mkdir, "mkdir", {EIO, ENOSPC, EACCES}},
      {SYS_readlink, "readlink", {EIO, ENOMEM}},
      {SYS_rename, "rename", {EIO, ENOSPC, EACCES}},
      {SYS_rmdir, "rmdir", {EIO, EACCES}, false, true},
      {SYS_unlink, "unlink", {EIO, EACCES}, false, true},
#endif
      {SYS_brk, "brk", {ENOMEM}, true},
      {SYS_clone, "clone", {EAGAIN, ENOMEM}, true},
      {SYS_clone3, "clone3", {EAGAIN, ENOMEM}, true},
      {SYS_close, "close", {EIO, EINTR}},
      {SYS_dup, "dup", {EMFILE}},
      {SYS_faccessat, "faccessat", {EIO, ENOMEM}},
      {SYS_faccessat2, "faccessat2", {EIO, ENOMEM}},
      {SYS_fchmod, "fchmod", {EIO, EPERM}},
      {SYS_fchmodat, "fchmodat", {EIO, EPERM}},
      {SYS_fchown, "fchown", {EIO, EPERM}},
      {SYS_fcntl, "fcntl", {EMFILE, EIO}},
      {SYS_fdatasync, "fdatasync", {EIO, ENOSPC, EINTR}},
      {SYS_flock, "flock", {ENOLCK, EINTR}},
      {SYS_fstat, "fstat", {EIO, ENOMEM}},
      {SYS_fsync, "fsync", {EIO, ENOSPC, EINTR}},
      {SYS_ftruncate, "ftruncate", {EIO, ENOSPC, EINTR}},
      {SYS_getcwd, "getcwd", {ENOENT, ENOMEM}},
      {SYS_getdents64, "getdents64", {EIO, ENOMEM}},
      {SYS_getrandom, "getrandom", {ENOSYS, EINTR}},
      {SYS_ioctl, "ioctl", {EIO}},
      {SYS_linkat, "linkat", {EIO, ENOSPC, EACCES}},
      {SYS_lseek, "lseek", {EIO}},
      {SYS_madvise, "madvise", {ENOMEM}, true},
      {SYS_mkdirat, "mkdirat", {EIO, ENOSPC, EACCES}},
      {SYS_mmap, "mmap", {ENOMEM}, true},
      {SYS_mprotect, "mprotect", {ENOMEM}, true},
      {SYS_mremap, "mremap", {ENOMEM}, true},
      {SYS_munmap, "munmap", {ENOMEM}, true},
      {SYS_newfstatat, "newfstatat", {EIO, ENOMEM, EACCES}},
      {SYS_openat, "openat", {EIO, ENOSPC, ENOMEM, EACCES, EINTR}},
      {SYS_pread64, "pread64", {EIO, EINTR, ENOMEM}},
      {SYS_pwrite64, "pwrite64", {EIO, ENOSPC, EINTR}},
      {SYS_read, "read", {EIO, EINTR, ENOMEM}},
      {SYS_readlinkat, "readlinkat", {EIO, ENOMEM}},
      {SYS_renameat, "renameat", {EIO, ENOSPC, EACCES}},
      {SYS_renameat2, "renameat2", {EIO, ENOSPC, EACCES, EINVAL}},
      {SYS_sched_getaffinity, "sched_getaffinity", {ENOMEM}},
      {SYS_statfs, "statfs", {EIO, ENOMEM}},
      {SYS_statx, "statx", {EIO, ENOMEM}},
      {SYS_sysinfo, "sysinfo", {ENOMEM}},
      {SYS_truncate, "truncate", {EIO, ENOSPC, EINTR}},
      {SYS_unlinkat, "unlinkat", {EIO, EACCES}, false, true},
      {SYS_write, "write", {EIO, ENOSPC, EINTR}},
      {SYS_writev, "writev", {EIO, ENOSPC, EINTR}},
  };
  return all;
}

/// What happens at the call of this number, the `at`-th one from 0 when the program's own code begins. (Not counted
/// over all calls: two starts may differ by a request for memory.)
struct CallFault {
  enum class Kind {
    none,
    once,       ///< this call fails
    lasting,    ///< this call and all later calls of its name fail (of memory: all that allocate)
    lost_disk,  ///< this call and all later ones to files fail, but not those to the standard streams
    kill,       ///< SIGKILL before this call
  };
  Kind kind = Kind::none;
  std::size_t at = 0;
  int error = 0;
  int call = -1;
};

/// One start of the program under supervision.
class Supervised {
 public:
  Supervised(const Dir& dir, std::vector<std::string> words, CallFault fault) : fault_(fault) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("no socket");
    Program program(dir, std::move(words));
    program.before([&] { send_descriptor(ends[1], begin_filter()); }).start();
    program_ = &program;
    ::close(ends[1]);
    const int listener = receive_descriptor(ends[0]);
    is_possible_ = listener >= 0;
    if (is_possible_) serve(listener);
    ::close(ends[0]);
    result_ = program.wait();
    ::close(listener);
  }

  bool is_possible() const { return is_possible_; }  ///< whether this kernel has such filters
  bool has_fired() const { return has_fired_; }
  const Result& result() const { return result_; }
  /// The calls, in their order; the last one may be the one that was fatal.
  const std::vector<const SystemCall*>& calls() const { return calls_; }
  bool fails_to_speak() const { return fails_to_speak_; }  ///< a write to standard error failed

 private:
  static int begin_filter() {
    std::vector<sock_filter> code{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    const auto stop_at = [&](int number) {
      code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
      code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
    };
    for (const SystemCall& call : system_calls()) stop_at(call.number);
    stop_at(SYS_prlimit64);
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
  }

  struct Message {
    char byte = 0;
    iovec content{&byte, 1};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{nullptr, 0, &content, 1, space, sizeof space, 0};
  };
  static void send_descriptor(int socket, int descriptor) {
    if (descriptor < 0) _exit(126);
    Message message;
    cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
    if (sendmsg(socket, &message.header, 0) != 1) _exit(126);
  }
  static int receive_descriptor(int socket) {
    Message message;
    if (recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC) != 1) return -1;
    const cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
    int descriptor = -1;
    if (control != nullptr) std::memcpy(&descriptor, CMSG_DATA(control), sizeof descriptor);
    return descriptor;
  }

  void serve(int listener) {
    for (;;) {
      pollfd ready{listener, POLLIN, 0};
      constexpr int kTooLong = 60'000;
      if (poll(&ready, 1, kTooLong) == 0) {
        ADD_FAILURE() << "the program hangs";
        program_->send(SIGKILL);
      }
      if ((ready.revents & POLLIN) == 0) return;
      seccomp_notif call{};
      if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
      seccomp_notif_resp answer{};
      answer.id = call.id;
      decide(call.data, answer);
      ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
  }

  void decide(const seccomp_data& data, seccomp_notif_resp& answer) {
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (data.nr == SYS_prlimit64) {  // the last step of the loader
      has_begun_ = true;
      return;
    }
    if (!has_begun_) return;
    const auto found = std::ranges::find(system_calls(), data.nr, &SystemCall::number);
    calls_.push_back(&*found);
    const bool strikes = data.nr == fault_.call && seen_++ == fault_.at;
    const bool speaks = data.nr == SYS_write && data.args[0] == STDERR_FILENO;
    if (!strikes && !concerns(*found, data)) {
      if (data.nr == SYS_brk && data.args[0] != 0) break_ = data.args[0];
      return;
    }
    has_fired_ = true;
    if (fault_.kind == CallFault::Kind::kill) return program_->send(SIGKILL);
    fails_to_speak_ = fails_to_speak_ || speaks;
    answer.flags = 0;
    if (data.nr == SYS_brk)
      answer.val = static_cast<long long>(break_);  // it returns the old end of the memory
    else
      answer.error = -fault_.error;
  }

  // A later call that fails, too.
  bool concerns(const SystemCall& call, const seccomp_data& data) const {
    if (!has_fired_) return false;
    const SystemCall& first = *std::ranges::find(system_calls(), fault_.call, &SystemCall::number);
    const bool is_stream = data.args[0] <= STDERR_FILENO && (data.nr == SYS_write || data.nr == SYS_fcntl);
    if (fault_.kind == CallFault::Kind::lasting)
      return (first.is_of_memory ? call.is_of_memory : call.number == first.number) &&
             !(data.nr == SYS_write && data.args[0] == STDERR_FILENO);
    return fault_.kind == CallFault::Kind::lost_disk && !call.is_of_memory && !is_stream;
  }

  CallFault fault_;
  Program* program_ = nullptr;
  bool is_possible_ = false, has_begun_ = false, has_fired_ = false, fails_to_speak_ = false;
  unsigned long long break_ = 0;
  std::size_t seen_ = 0;  // calls of the fault's number
  std::vector<const SystemCall*> calls_;
  Result result_;
};

}  // namespace chainrule
