// SPDX-License-Identifier: Apache-2.0
#include "cli/output/signals.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace chainrule::cli {
namespace {

// A signal handler can only communicate through globals.
std::atomic<int> first_signal{0};
std::atomic<const char*> first_message{nullptr};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free);

constexpr int kSignals[] = {SIGINT, SIGTERM};

extern "C" void on_signal(int number) {
  int none = 0;
  if (first_signal.compare_exchange_strong(none, number)) {
    const int kept = errno;
    const char* const message = first_message;
    if (message != nullptr && write(STDERR_FILENO, message, std::strlen(message)) < 0) errno = 0;  // nobody reads
    errno = kept;
    return;
  }
  std::signal(number, SIG_DFL);
  std::raise(number);  // takes effect when the handler returns
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
  for (const int number : kSignals) {
    struct sigaction now {};
    // In the background of a shell or under nohup, ignored signals must stay ignored.
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

Interruption::~Interruption() {
  for (const int number : kSignals) {
    struct sigaction now {};
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == on_signal) std::signal(number, SIG_DFL);
  }
}

int Interruption::signal() const { return first_signal; }

Uninterrupted::Uninterrupted() {
  const sigset_t set = our_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

Uninterrupted::~Uninterrupted() {
  const sigset_t set = our_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int exit_code_of(int signal) { return 128 + signal; }

void ignore_signals_of_writing() {
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
}

}  // namespace chainrule::cli
