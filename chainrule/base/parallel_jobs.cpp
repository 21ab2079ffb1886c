// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/parallel_jobs.h"

#include <atomic>
#include <thread>

namespace chainrule {

std::vector<std::exception_ptr> run_in_parallel(std::size_t count, std::size_t workers,
                                                const std::function<bool()>& should_stop,
                                                const std::function<void(std::size_t)>& work) {
  std::vector<std::exception_ptr> problems(count);
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      if (should_stop()) return;
      try {
        work(i);
      } catch (...) {
        problems[i] = std::current_exception();
      }
    }
  };
  std::vector<std::thread> others;
  try {
    for (std::size_t i = 1; i < workers && i < count; ++i) others.emplace_back(take);
  } catch (const std::exception&) {  // no thread or no memory for one: those that there are do the work
  }
  take();
  for (std::thread& other : others) other.join();
  return problems;
}

}  // namespace chainrule
