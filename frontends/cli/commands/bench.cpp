// SPDX-License-Identifier: Apache-2.0
// bench: how fast this machine trains and predicts, as a table or one JSON document.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chainrule/base/checks.h"
#include "chainrule/base/version.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/engine/kernels/processor.h"
#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"
#include "cli/commands/bench_workloads.h"
#include "cli/commands/commands.h"
#include "cli/output/signals.h"
#include "cli/runs/text_file.h"

namespace chainrule::cli {
namespace {

constexpr double kSeconds = 0.5;  // per repeat

std::vector<Workload> chosen(const Arguments& arguments) {
  std::vector<Workload> requested;
  std::vector<std::string> names;
  for (const Workload& workload : workloads()) names.push_back(workload.name);
  const auto given = arguments.flags.find("workload");
  for (const std::string& name : given == arguments.flags.end() ? std::vector<std::string>() : given->second) {
    const std::size_t before = requested.size();
    for (const Workload& workload : workloads())
      if (workload.name.starts_with(name) && name.size() >= 2) requested.push_back(workload);
    if (requested.size() == before)
      throw Error(ErrorCategory::usage,
                  fmt::format("--workload: expected one of {}, found {}", fmt::join(names, ", "), in_quotes(name)));
  }
  return requested.empty() ? workloads() : requested;
}

Dataset load_images(const std::string& folder) {
  const Table table = formats::load_table(folder, {});
  FitOptions options;
  const FitPlan plan = plan_fit(table, options);
  if (!plan.encoder.images())
    throw Error(ErrorCategory::input, location(folder) + ": expected images (IDX files), found a table");
  return encode(plan.encoder, table, true);
}

Json load_earlier(const std::string& path) {
  constexpr std::size_t kMaxEarlier = 1'000'000, kMaxValues = 10'000;
  Json document =
      json_from_outside(read_text_file(path, kMaxEarlier, "the output of bench --json"), kMaxValues, location(path));
  bool fits = document.is_object() && document.contains("workloads") && document["workloads"].is_object();
  if (fits)
    for (const Json& entry : document["workloads"])
      fits =
          fits && entry.is_object() && entry.contains("samples_per_second") && entry["samples_per_second"].is_number();
  if (!fits)
    throw Error(ErrorCategory::input, location(path) + ": expected the output of bench --json, found something else");
  return document;
}

Json measured(const Workload& workload, const Measurement& found, double peak) {
  Json entry = {{"about", workload.about}, {"samples_per_second", found.samples_per_second}};
  entry["slowest"] = found.slowest;
  entry["fastest"] = found.fastest;
  entry["microseconds"] = found.microseconds;
  entry["gflops"] = found.gflops;
  entry["share_of_peak"] = found.gflops / peak;
  return entry;
}

std::string rate_text(double rate) {
  return rate >= 1e6 ? fmt::format("{:.2f} M", rate / 1e6) : fmt::format("{:.1f} k", rate / 1e3);
}

std::string table_line(const Json& entry, const std::string& name, const Json& earlier) {
  std::string line =
      fmt::format("  {:<4} {:<57} {:>12} {:>10.2f} us {:>7.1f} {:>5.0f} %", name, entry["about"].get<std::string>(),
                  rate_text(entry["samples_per_second"]) + "/s", entry["microseconds"].get<double>(),
                  entry["gflops"].get<double>(), 100 * entry["share_of_peak"].get<double>());
  if (!earlier.is_object()) return line + "\n";
  const Json& before = earlier["workloads"];
  if (!before.contains(name)) return line + "      -\n";
  const double ratio = entry["samples_per_second"].get<double>() / before[name]["samples_per_second"].get<double>();
  return line + fmt::format("  {:>5.2f} x\n", ratio);
}

}  // namespace

int bench_command(const Arguments& arguments, const Terminal& terminal) {
  const std::vector<Workload> requested = chosen(arguments);
  const std::size_t requested_threads = threads_of(arguments),
                    threads = requested_threads == 0 ? usable_threads() : requested_threads;
  const bool json = arguments.is_true("json");
  const Json earlier = arguments.has("compare") ? load_earlier(arguments.text("compare")) : Json();
  const Dataset images = arguments.has("data") ? load_images(arguments.text("data")) : Dataset();
  const Interruption interruption;

  const double peak = peak_gflops(), total = peak * static_cast<double>(threads);
  Output output;
  if (!json)
    output.write(
        fmt::format("chainrule {}, {}, {} thread{}, peak {:.0f} GFLOP/s per core\n\n  {:<4} {:<57} {:>12} {:>13} "
                    "{:>7} {:>7}{}\n",
                    kVersion, vector_unit(), threads, threads == 1 ? "" : "s", peak, "", "", "samples", "step or call",
                    "GFLOP/s", "of peak", earlier.is_object() ? "  earlier" : ""));
  Json document = {{"program", fmt::format("chainrule {}", kVersion)},
                   {"vector_unit", vector_unit()},
                   {"threads", threads},
                   {"peak_gflops_per_core", peak}};
  document["workloads"] = Json::object();
  document["data"] = arguments.has("data") ? "mnist" : "made up";
  for (const Workload& workload : requested) {
    if (interruption.signal() != 0) throw Interrupted{interruption.signal()};
    say_more(terminal, workload.name + ": " + workload.about);
    const Json entry =
        measured(workload, measure(workload, threads, kSeconds, arguments.has("data") ? &images : nullptr), total);
    document["workloads"][workload.name] = entry;
    if (!json) output.write(table_line(entry, workload.name, earlier));
  }
  if (json) output.write(document.dump(2) + "\n");
  output.finish();
  return 0;
}

}  // namespace chainrule::cli
