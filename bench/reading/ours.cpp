// SPDX-License-Identifier: Apache-2.0
// Reads a table as training does, TIMES times, and prints the seconds of each, one per line; see README.md.
//
//   bench_reading FILE [TIMES]
#include <chainrule/chainrule.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include "chainrule/data/formats/load_table.h"

int main(int count, char** words) try {
  if (count < 2) {
    std::fputs("bench_reading FILE [TIMES]\n", stderr);
    return 2;
  }
  const int times = count > 2 ? std::atoi(words[2]) : 1;
  for (int k = 0; k < times; ++k) {
    const auto start = std::chrono::steady_clock::now();
    const chainrule::Table table = chainrule::formats::load_table(words[1]);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%.6f\n", seconds.count());
  }
  return 0;
} catch (const chainrule::Error& error) {
  std::fprintf(stderr, "bench_reading: %s\n", error.what());
  return 3;
}
