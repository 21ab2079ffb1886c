// SPDX-License-Identifier: Apache-2.0
// The cost of a training step for growing work: first by batch, then by width, near powers of two and between them. A
// kernel that is slow for some sizes shows as a jump between neighbors. Prints CSV.
//
//   bench_sweep [--threads N] [--seconds S]     N threads (1), S seconds for each of three repeats (0.2)
#include <chainrule/chainrule.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
#include "chainrule/base/random.h"
#include "chainrule/engine/kernels/processor.h"

using namespace chainrule;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kClasses = 10;
constexpr std::size_t kUsualWidth = 256, kUsualBatch = 64;
constexpr double kJump = 1.5;  // between neighbors, per operation: worth a look

constexpr std::array<std::size_t, 18> kBatches = {1,  2,  4,  8,  10, 16,  17,  24,  31,
                                                  32, 33, 48, 64, 65, 100, 128, 256, 1024};
constexpr std::array<std::size_t, 26> kWidths = {16,  17,  24,  31,  32,  33,  48,  63,   64,   65,   96,   128,  192,
                                                 255, 256, 257, 384, 512, 513, 768, 1024, 1025, 1536, 2048, 2049, 4096};

// K-N-10 with K = N = width, ReLU and softmax.
Network network_of(std::size_t width) {
  Architecture architecture;
  architecture.inputs = width;
  architecture.layers = {{.outputs = width, .activation = ActivationKind::relu},
                         {.outputs = kClasses, .activation = ActivationKind::identity}};
  Network network(architecture);
  initialize(network, WeightScheme::automatic, BiasScheme::zero, 1);
  return network;
}

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// Median of three repeats, in nanoseconds, of a step on a batch of normal numbers without zeros.
double step_time(std::size_t rows, std::size_t width, std::size_t threads, double seconds) {
  TrainOptions options;
  options.loss = LossKind::softmax_cross_entropy;
  options.optimizer = Momentum{};
  Network network = network_of(width);
  TrainState state(network, options, rows, threads);
  state.learning_rate = 1e-6;  // so small that the number of zero units stays the same
  state.measure_norm = false;

  Matrix inputs(rows, width), targets(rows, kClasses);
  const Stream stream{1, Purpose::test, 0, 0};
  for (std::size_t k = 0; k < inputs.flat().size(); ++k)
    inputs.flat()[k] = static_cast<float>(random_normal(stream, k));
  for (std::size_t row = 0; row < rows; ++row) targets(row, row % kClasses) = 1;
  const std::vector<float> scale(rows, 1 / static_cast<float>(rows));
  const Batch batch{inputs.view(), targets.view(), scale};

  std::vector<double> times;
  for (int repeat = 0; repeat < 4; ++repeat) {  // the first one is a short warm-up
    const double enough = 1e9 * seconds * (repeat == 0 ? 0.25 : 1);
    const Clock::time_point start = Clock::now();
    std::size_t steps = 0;
    double passed = 0;
    do {
      train_step(state, batch);
      ++steps;
      passed = nanoseconds_since(start);
    } while (passed < enough);
    if (repeat > 0) times.push_back(passed / static_cast<double>(steps));
  }
  std::sort(times.begin(), times.end());
  return times[1];
}

struct Settings {
  std::size_t threads = 1;
  double seconds = 0.2;
  double peak = 0;  // GFLOP/s of all threads
};

// Prints a line of CSV; returns nanoseconds per operation. `before`: those of the previous neighbor, 0 for none.
double print_point(std::size_t batch, std::size_t width, const Settings& settings, double before) {
  const double time = step_time(batch, width, settings.threads, settings.seconds);
  const double first = static_cast<double>(width * width), weights = first + static_cast<double>(width * kClasses);
  // 2 per weight and row forward, twice that backward, without the gradient of the inputs, which nothing needs.
  const double operations = static_cast<double>(batch) * (6 * weights - 2 * first);
  const double each = time / operations, ratio = before > 0 ? each / before : 1;
  std::printf("%zu,%zu,%.5f,%.2f,%.3f,", batch, width, time / (static_cast<double>(batch) * weights), 1 / each,
              1 / each / settings.peak);
  if (before > 0) std::printf("%.2f", ratio);
  std::printf(",%s\n", ratio >= kJump || ratio <= 1 / kJump ? "jump" : "");
  std::fflush(stdout);
  return each;
}

Settings settings_from(int count, char** words) {
  Settings settings;
  for (int k = 1; k < count; k += 2) {
    const std::string name = words[k];
    char* end = nullptr;
    const double value = k + 1 < count ? std::strtod(words[k + 1], &end) : 0;
    const bool number = end != nullptr && end != words[k + 1] && *end == '\0' && value > 0 && value <= 3600;
    if (name == "--threads" && number && value == std::floor(value))
      settings.threads = static_cast<std::size_t>(value);
    else if (name == "--seconds" && number)
      settings.seconds = value;
    else
      throw Error(ErrorCategory::usage, "expected [--threads N] [--seconds S], found \"" + name + "\"");
  }
  settings.peak = peak_gflops() * static_cast<double>(settings.threads);
  return settings;
}

}  // namespace

int main(int count, char** words) try {
  const Settings settings = settings_from(count, words);
  std::printf("batch,width,nanoseconds per row and weight,GFLOP/s,share of peak,ratio to the line before,mark\n");
  double before = 0;
  for (const std::size_t batch : kBatches) before = print_point(batch, kUsualWidth, settings, before);
  before = 0;
  for (const std::size_t width : kWidths) before = print_point(kUsualBatch, width, settings, before);
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_sweep: %s\n", error.what());
  return 2;
}
