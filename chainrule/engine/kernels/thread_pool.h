// SPDX-License-Identifier: Apache-2.0
// The thread pool, and the memory of each thread.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace chainrule::kernels {

/// How many threads this process may use: its CPU affinity, and the quota of its control group, rounded up.
std::size_t usable_threads();

inline constexpr std::size_t kMaxThreads = 1024;

/// A thread pool of fixed size: the caller is member 0; the other threads start with the first task, spin for a moment
/// after each task and then sleep. The number of members determines which thread computes what, but never the results.
/// One task at a time: a pool belongs to one caller; several callers need one each. After a fork() between two tasks,
/// the threads start anew in the child.
class ThreadPool {
 public:
  /// 0 members mean usable_threads(); 1 starts no thread. If the system gives no thread, the caller also does the work
  /// of that member. Throws Error (usage) above kMaxThreads.
  explicit ThreadPool(std::size_t members = 1);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const { return size_; }

  /// Runs task(member) in all members in parallel and returns when all have finished. Throws the first exception that a
  /// member threw.
  template <class Task>
  void run(const Task& task) {
    run(&task, [](const void* t, std::size_t member) { (*static_cast<const Task*>(t))(member); });
  }

  /// Whether so much work, in multiplications, is worth waking threads.
  bool pays(double work) const { return size_ > 1 && work >= kWorkAlone; }

  /// Runs task(member, begin, end) with the items 0 ... items-1 in contiguous chunks; in the caller alone if the work
  /// does not pay.
  template <class Task>
  void split(std::size_t items, double work, const Task& task) {
    if (items < 2 || !pays(work)) {
      task(std::size_t{0}, std::size_t{0}, items);
      return;
    }
    run([&](std::size_t member) {
      const std::size_t begin = items * member / size_, end = items * (member + 1) / size_;
      if (begin < end) task(member, begin, end);
    });
  }

  /// Makes sure that every member has so much memory, kept from call to call. Call it between tasks.
  void reserve(std::size_t floats);
  /// Memory of one member.
  float* memory(std::size_t member);
  /// Memory that all members may read, filled before they compute.
  float* shared_memory(std::size_t floats);

 private:
  static constexpr double kWorkAlone = 1 << 18;  // multiplications: a few microseconds, ten times the cost of a task
  void run(const void* task, void (*call)(const void*, std::size_t));

  struct State;
  std::size_t size_;
  std::unique_ptr<State> state_;
};

}  // namespace chainrule::kernels
