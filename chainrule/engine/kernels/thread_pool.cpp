// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/kernels/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/base/matrix.h"
#include "chainrule/engine/kernels/flush.h"

namespace chainrule::kernels {
namespace {

// Longer than the gap between two tasks of a step. A thread that waits longer sleeps instead of yielding: if other
// programs keep the processors busy, a thread that yields waits for the end of their time slices, but a woken thread
// runs first (a training of 1.3 s took 54 s next to two busy programs with yields, 5 to 10 s with sleeps).
constexpr std::chrono::microseconds kSpin{50};

// The control group's quota in CPUs; 0 if there is none.
std::size_t quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");  // "max 100000" or "150000 100000"
  double quota = 0, period = 0;
  if (!(file >> quota >> period)) {
    std::ifstream old_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), old_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (!(old_quota >> quota) || !(old_period >> period)) return 0;
  }
  return quota > 0 && period > 0 ? static_cast<std::size_t>(std::ceil(quota / period)) : 0;
}

// How often this process was made by a fork(), which copies no threads.
std::atomic<unsigned> forks{0};
extern "C" void count_fork() { forks.fetch_add(1, std::memory_order_relaxed); }

std::size_t checked_members(std::size_t members) {
  expect_at_most(kMaxThreads, members, "threads");
  return members == 0 ? std::min(usable_threads(), kMaxThreads) : members;
}

}  // namespace

std::size_t usable_threads() {
  cpu_set_t set;
  std::size_t count = std::max(1u, std::thread::hardware_concurrency());
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  const std::size_t limit = quota();
  return limit > 0 ? std::min(count, limit) : count;
}

// The caller announces a task by incrementing `round`; each thread that has finished it decrements `busy`. Both sides
// spin, then sleep.
struct ThreadPool::State {
  std::vector<AlignedVector<float>> memory;
  std::vector<std::thread> threads;
  bool started = false;
  unsigned made_after = 0;  // so many forks
  alignas(64) std::atomic<std::uint64_t> round{0};
  alignas(64) std::atomic<std::size_t> busy{0};
  const void* task = nullptr;
  void (*call)(const void*, std::size_t) = nullptr;
  std::atomic<bool> failed{false};
  std::exception_ptr failure;  // the first exception of a thread; kept until all have finished

  void perform(std::size_t member) noexcept {
    try {
      call(task, member);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }

  template <class Value, class Done>
  static void wait(const std::atomic<Value>& value, const Done& done) {
    using Clock = std::chrono::steady_clock;
    Value seen = value.load(std::memory_order_acquire);
    for (int turn = 0; !done(seen) && turn < 64; ++turn) seen = value.load(std::memory_order_acquire);
    if (done(seen)) return;
    const auto start = Clock::now();
    for (auto now = start; !done(seen) && now - start < kSpin; now = Clock::now()) {
      for (int turn = 0; turn < 32 && !done(seen); ++turn) seen = value.load(std::memory_order_acquire);
    }
    for (; !done(seen); seen = value.load(std::memory_order_acquire)) value.wait(seen, std::memory_order_acquire);
  }

  void work(std::size_t member) {
    const FlushSubnormals flush;
    for (std::uint64_t done = 0;;) {
      wait(round, [&](std::uint64_t r) { return r != done; });
      ++done;
      if (call == nullptr) return;
      perform(member);
      if (busy.fetch_sub(1, std::memory_order_acq_rel) == 1) busy.notify_one();
    }
  }

  void announce(const void* t, void (*c)(const void*, std::size_t)) {
    task = t;
    call = c;
    busy.store(threads.size(), std::memory_order_relaxed);
    round.fetch_add(1, std::memory_order_release);
    round.notify_all();
  }

  // Threads of members 1 ... size-1, as many as the system gives.
  void start(std::size_t size) {
    static const int counted = pthread_atfork(nullptr, nullptr, count_fork);
    static_cast<void>(counted);
    started = true;
    made_after = forks.load(std::memory_order_relaxed);
    try {
      threads.reserve(size - 1);
      for (std::size_t member = 1; member < size; ++member) threads.emplace_back([this, member] { work(member); });
    } catch (const std::exception&) {  // no thread or no memory for one
    }
  }

  // In a process made by a fork, forgets the threads of its parent: they must neither be joined nor destroyed.
  void forget_lost_threads() {
    if (!started || made_after == forks.load(std::memory_order_relaxed)) return;
    static std::vector<std::vector<std::thread>> lost;
    lost.push_back(std::exchange(threads, {}));
    started = false;
    round.store(0, std::memory_order_relaxed);
    busy.store(0, std::memory_order_relaxed);
  }

  void leave() {
    forget_lost_threads();
    announce(nullptr, nullptr);
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
};

ThreadPool::ThreadPool(std::size_t members) : size_(checked_members(members)), state_(std::make_unique<State>()) {
  state_->memory.resize(size_ + 1);
}

ThreadPool::~ThreadPool() { state_->leave(); }

void ThreadPool::run(const void* task, void (*call)(const void*, std::size_t)) {
  state_->forget_lost_threads();
  if (size_ > 1 && !state_->started) state_->start(size_);
  state_->announce(task, call);
  state_->perform(0);
  for (std::size_t member = state_->threads.size() + 1; member < size_; ++member) state_->perform(member);
  State::wait(state_->busy, [](std::size_t busy) { return busy == 0; });
  if (state_->failed.exchange(false)) std::rethrow_exception(std::exchange(state_->failure, nullptr));
}

void ThreadPool::reserve(std::size_t floats) {
  for (std::size_t member = 0; member < size_; ++member)
    if (state_->memory[member].size() < floats) state_->memory[member].resize(floats);
}

float* ThreadPool::memory(std::size_t member) { return state_->memory[member].data(); }

float* ThreadPool::shared_memory(std::size_t floats) {
  if (state_->memory[size_].size() < floats) state_->memory[size_].resize(floats);
  return state_->memory[size_].data();
}

}  // namespace chainrule::kernels
