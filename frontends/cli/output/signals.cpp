// SPDX-License-Identifier: Apache-2.0
#include "cli/output/signals.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "chainrule/base/atomic_file.h"

namespace chainrule::cli {
namespace {

// A signal handler can only communicate through globals.
std::atomic<int> first_signal{0};
std::atomic<const char*> first_message{nullptr};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free);

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// Ends the program without temporary files.
extern "C" void end_at_signal(int number) {
  remove_temporaries();
  std::signal(number, SIG_DFL);
  std::raise(number);  // takes effect when the handler returns
}

extern "C" void on_signal(int number) {
  int none = 0;
  if (first_signal.compare_exchange_strong(none, number)) {
    const int kept = errno;
    const char* const message = first_message;
    if (message != nullptr && write(STDERR_FILENO, message, std::strlen(message)) < 0) errno = 0;  // nobody reads
    errno = kept;
    return;
  }
  end_at_signal(number);
}

// In the background of a shell or under nohup, ignored signals must stay ignored.
void handle(int number, void (*handler)(int)) {
  struct sigaction now {};
  if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

// A special file is written directly: nothing is renamed, and its writing may wait for a reader for ever.
bool is_special(const std::string& path) {
  struct stat status {};
  if (path == "-") return true;
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kSignals) sigaddset(&set, number);
  return set;
}

}  // namespace

Interruption::Interruption(const char* message) {
  first_signal = 0;
  first_message = message;
  for (const int number : kSignals) handle(number, on_signal);
}

Interruption::~Interruption() {
  for (const int number : kSignals) handle(number, end_at_signal);
}

int Interruption::signal() const { return first_signal; }

Uninterrupted::Uninterrupted(const std::string& path) : blocks_(!is_special(path)) {
  if (!blocks_) return;
  const sigset_t set = our_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

Uninterrupted::~Uninterrupted() {
  if (!blocks_) return;
  const sigset_t set = our_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int exit_code_of(int signal) { return 128 + signal; }

PipeReader::PipeReader(const std::string& path) {
  struct stat status {};
  while (stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode)) {
    descriptor_ = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor_ >= 0 || errno != ENXIO) return;
    if (signal_ = first_signal; signal_ != 0) return;
    constexpr timespec kPause{0, 20'000'000};
    nanosleep(&kPause, nullptr);
  }
}

PipeReader::~PipeReader() {
  if (descriptor_ >= 0) close(descriptor_);
}

void prepare_signals() {
  for (const int number : kSignals) handle(number, end_at_signal);
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
}

}  // namespace chainrule::cli
