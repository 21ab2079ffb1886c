// SPDX-License-Identifier: Apache-2.0
// Threads and speed of the program.
#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"

namespace chainrule::cli_threads_test {
namespace {

TEST(Threads, DoNotChangeABit) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  const auto sum = [&](const std::string& threads) {
    const Result result = run(dir, {"train", "points.csv", "--threads", threads, "--hidden", "700,300", "--batch-size",
                                    "all", "--epochs", "5", "--force"});
    EXPECT_EQ(result.code, 0) << result.err;
    const std::size_t at = result.err.find("weights_sha256: ");
    return at == std::string::npos ? std::string() : result.err.substr(at, 80);
  };
  const std::string one = sum("1");
  EXPECT_NE(one, "");
  EXPECT_EQ(one, sum("2"));
  EXPECT_EQ(one, sum("5"));
}

TEST(Bench, MeasuresAndCompares) {
  const Dir dir;
  const Result result = run(dir, {"bench", "--workload", "I3", "--threads", "1", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const nlohmann::json document = nlohmann::json::parse(result.out);
  EXPECT_GT(document["peak_gflops_per_core"].get<double>(), 0.1);
  EXPECT_EQ(document["threads"], 1);
  EXPECT_GT(document["workloads"]["I3"]["microseconds"].get<double>(), 0);
  EXPECT_GT(document["workloads"]["I3"]["samples_per_second"].get<double>(), 0);
  EXPECT_GT(document["workloads"]["I3"]["share_of_peak"].get<double>(), 0);
  dir.write("before.json", result.out);
  const Result table = run(dir, {"bench", "--workload", "I3", "--compare", "before.json"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_NE(table.out.find(" x\n"), std::string::npos) << table.out;
  for (const std::string other : {"{}", "[", "{\"workloads\": {\"I3\": {\"samples_per_second\": \"fast\"}}}"}) {
    dir.write("other.json", other);
    const Result refused = run(dir, {"bench", "--workload", "I3", "--compare", "other.json"});
    EXPECT_EQ(refused.code, 3) << refused.err;
    EXPECT_EQ(refused.out, "");
  }
}

}  // namespace
}  // namespace chainrule::cli_threads_test
