// SPDX-License-Identifier: Apache-2.0
#include "cli/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/column_table.h"
#include "cli/grid.h"
#include "cli/terminal.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMostLines = 60;  // of a table of tensors, before it is cut

std::string number(double value) { return fmt::format("{:.6g}", value); }

std::string listed(const std::vector<std::string>& names, std::size_t most = 12) {
  std::string out;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i) out += (i > 0 ? ", " : "") + shortened(names[i]);
  if (names.size() > most) out += fmt::format(" and {} more", names.size() - most);
  return out;
}

std::string plan_text(const TableFacts& facts) {
  if (facts.plan == nullptr)
    return fmt::format("\nWith these options, training would be refused:\n  {}\n{}", harmless(facts.refusal),
                       facts.hint.empty() ? "" : "  hint: " + harmless(facts.hint) + "\n");
  const Encoder& encoder = facts.plan->encoder;
  std::string out = "\nWith these options, training would take\n";
  if (encoder.task == Task::classes)
    out += fmt::format("  target   {}: {} classes: {}\n", shortened(encoder.target), encoder.labels.size(),
                       listed(encoder.labels));
  else
    out += fmt::format("  target   {}: a number\n", shortened(encoder.target));
  out += fmt::format("  network  {}\n", describe(facts.plan->architecture));
  for (const std::string& note : facts.plan->notes) out += "  note     " + harmless(note) + "\n";
  return out;
}

std::string metrics_row(const Metrics& metrics) {
  std::string out;
  for (const Metric& metric : metrics)
    out += fmt::format("{}{} {:.6g}", out.empty() ? "" : "  ", metric.name, metric.value);
  return out.empty() ? "none" : out;
}

std::string inputs_text(const Encoder& encoder) {
  if (encoder.images()) return fmt::format("images of {} x {} pixels", encoder.image_height, encoder.image_width);
  std::vector<std::string> names;
  for (const InputColumn& column : encoder.inputs)
    names.push_back(column.categorical ? fmt::format("{} ({} categories)", column.name, column.categories.size())
                    : column.boolean   ? column.name + " (boolean)"
                    : column.date      ? column.name + (column.date == DateForm::time ? " (time)" : " (date)")
                                       : column.name);
  return fmt::format("{} columns: {}", names.size(), listed(names));
}

std::string tensors_text(const Network& network) {
  Grid grid{{{"tensor", "shape", "smallest", "largest"}}, {false, false, true, true}};
  for (const Segment& segment : network.parameters.segments()) {
    if (grid.rows.size() > kMostLines) break;
    const std::span<const float> values = network.parameters.of(segment);
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    const std::string shape = segment.kind == Segment::Kind::weights
                                  ? fmt::format("{} x {}", segment.rows, segment.columns)
                                  : fmt::format("{}", segment.columns);
    grid.rows.push_back({segment.name, shape, number(static_cast<double>(*least)), number(static_cast<double>(*most))});
  }
  return grid.text();
}

}  // namespace

std::string table_text(const Table& table, const TableFacts& facts, const Terminal& terminal) {
  std::string out = fmt::format("{}: {} rows, ", harmless(table.source), table.rows);
  if (table.has_images())
    out += fmt::format("images of {} x {} pixels\n", table.images.height, table.images.width);
  else
    out += fmt::format("{} columns\n", table.columns.size());
  for (const std::string& note : table.notes) out += harmless(note) + "\n";
  if (!table.columns.empty()) out += fmt::format("\n{}", columns_text(table, facts, terminal));
  return out + plan_text(facts);
}

std::string model_text(const Model& model, const std::string& path) {
  const Encoder& encoder = model.encoder;
  const Provenance& provenance = model.provenance;
  std::string out = fmt::format("{}: model by {}\n\n", harmless(path), harmless(provenance.program));
  out += fmt::format("network     {}\n", describe(model.network.architecture));
  out += fmt::format("loss        {}\n", loss_name(model.loss));
  out += fmt::format("inputs      {}\n", inputs_text(encoder));
  out += fmt::format("target      {}: {}\n", shortened(encoder.target),
                     encoder.task == Task::number
                         ? "a number"
                         : fmt::format("{} classes: {}", encoder.labels.size(), listed(encoder.labels)));
  out += fmt::format("training    {}\n", metrics_row(provenance.training));
  out += fmt::format("validation  {}\n", metrics_row(provenance.validation));
  if (provenance.test.rows > 0)
    out += fmt::format("test        {}  ({} rows)\n", test_figures(provenance.training, provenance.test, "  "),
                       provenance.test.rows);
  if (model.threshold)
    out +=
        fmt::format("threshold   {} from a probability of {:.4g} on\n", shortened(encoder.labels[1]), *model.threshold);
  out += fmt::format("ended       {} after {} epochs, {} steps; best epoch {}\n", harmless(provenance.stop),
                     provenance.epochs, provenance.steps, provenance.best_epoch);
  out += fmt::format("weights     sha256 {}\n", weights_sha256(model.network));
  out += fmt::format("data        sha256 {}\n\n", harmless(provenance.data_fingerprint));
  out += tensors_text(model.network) + "\nOptions:\n";
  for (const auto& [key, value] : provenance.configuration)
    out += fmt::format("  {} = {}\n", harmless(key), value.empty() ? "\"\"" : shortened(value));
  return out;
}

std::string test_figures(const Metrics& like, const Estimates& test, std::string_view between) {
  std::string out;
  for (const Metric& metric : like)
    if (const Estimate* const estimate = find_estimate(test, metric.name))
      out += fmt::format(
          "{}{} {:.4g}{}", out.empty() ? "" : between, metric.name, estimate->value,
          std::isnan(estimate->low) ? "" : fmt::format(" ({:.4g} to {:.4g})", estimate->low, estimate->high));
  return out;
}

std::string bytes_text(double bytes) {
  const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} bytes", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

}  // namespace chainrule::cli
