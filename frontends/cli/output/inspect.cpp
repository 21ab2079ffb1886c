// SPDX-License-Identifier: Apache-2.0
#include "cli/output/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "chainrule/base/text.h"
#include "chainrule/model/fingerprint.h"
#include "cli/output/grid.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMaxLines = 60;  // of a table of tensors, before it is truncated

std::string number(double value) { return fmt::format("{:.6g}", value); }

std::string listed(const std::vector<std::string>& names, std::size_t maximum = 12) {
  std::string out;
  for (std::size_t i = 0; i < std::min(maximum, names.size()); ++i) out += (i > 0 ? ", " : "") + shortened(names[i]);
  if (names.size() > maximum) out += fmt::format(" and {} more", names.size() - maximum);
  return out;
}

std::string plan_text(const TableFacts& facts) {
  if (facts.plan == nullptr)
    return fmt::format("\nTraining with these options would be refused:\n  {}\n{}", harmless(facts.refusal),
                       facts.hint.empty() ? "" : "  hint: " + harmless(facts.hint) + "\n");
  const Encoder& encoder = facts.plan->encoder;
  std::string out = "\nTraining with these options would use:\n";
  if (encoder.task == Task::classes)
    out += fmt::format("  target   {}, {} classes: {}\n", shortened(encoder.target), encoder.labels.size(),
                       listed(encoder.labels));
  else
    out += fmt::format("  target   {}, a number\n", shortened(encoder.target));
  out += fmt::format("  network  {}\n", describe(facts.plan->architecture));
  for (const Note& note : facts.plan->notes) out += "  note     " + harmless(note_line(note)) + "\n";
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
    if (grid.rows.size() > kMaxLines) break;
    const std::span<const float> values = network.parameters.of(segment);
    const auto [minimum, maximum] = std::minmax_element(values.begin(), values.end());
    const std::string shape = segment.kind == Segment::Kind::weights
                                  ? fmt::format("{} x {}", segment.rows, segment.columns)
                                  : fmt::format("{}", segment.columns);
    grid.rows.push_back(
        {segment.name, shape, number(static_cast<double>(*minimum)), number(static_cast<double>(*maximum))});
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
  for (const Note& note : table.notes) out += harmless(note_line(note)) + "\n";
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
  out += fmt::format("target      {}, {}\n", shortened(encoder.target),
                     encoder.task == Task::number
                         ? "a number"
                         : fmt::format("{} classes: {}", encoder.labels.size(), listed(encoder.labels)));
  out += fmt::format("training    {}\n", metrics_row(provenance.training));
  out += fmt::format("validation  {}\n", metrics_row(provenance.validation));
  if (provenance.test.rows > 0)
    out += fmt::format("test        {}  ({} rows)\n", test_scores(provenance.training, provenance.test, "  "),
                       provenance.test.rows);
  if (model.threshold)
    out += fmt::format("threshold   {} if its probability is at least {:.4g}\n", shortened(encoder.labels[1]),
                       *model.threshold);
  out += fmt::format("ended       after {} epochs, {} steps ({}); best epoch {}\n", provenance.epochs, provenance.steps,
                     stop_text(provenance.stop), provenance.best_epoch);
  out += fmt::format("weights     sha256 {}\n", weights_sha256(model.network));
  out += fmt::format("data        sha256 {}\n\n", harmless(provenance.data_fingerprint));
  out += tensors_text(model.network) + "\nOptions:\n";
  for (const auto& [key, value] : provenance.configuration)
    out += fmt::format("  {} = {}\n", harmless(key), value.empty() ? "\"\"" : shortened(value));
  return out;
}

std::string test_scores(const Metrics& like, const Estimates& test, std::string_view between) {
  std::string out, names, reason;
  for (const Metric& metric : like) {
    const Estimate* const estimate = find_estimate(test, metric.name);
    if (estimate == nullptr) continue;
    out +=
        fmt::format("{}{} {:.4g}{}", out.empty() ? "" : between, metric.name, estimate->value,
                    std::isnan(estimate->low) ? "" : fmt::format(" ({:.4g} to {:.4g})", estimate->low, estimate->high));
    if (estimate->no_interval.empty()) continue;
    names += (names.empty() ? "" : ", ") + metric.name;
    reason = estimate->no_interval;
  }
  if (!names.empty()) out += fmt::format("{}no interval of {}: {}", between, names, reason);
  return out;
}

std::string stop_text(const std::string& stop) {
  if (stop == "epochs_done") return "all epochs done";
  return stop == "early_stopping" ? "stopped early" : harmless(stop);
}

std::string bytes_text(double bytes) {
  const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} bytes", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

namespace {

constexpr std::size_t kManyColumns = 20;  // from this number on, a line counts the types
constexpr std::size_t kValuesWidth = 60;

std::string types_text(const TableFacts& facts) {
  std::map<ColumnType, std::size_t> counts;
  for (const ColumnFacts& column : facts.columns) ++counts[column.reading.type];
  std::string out;
  for (const auto& [type, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, name_of(type));
  return "types: " + out + "\n";
}

// The characters that fit.
std::string cut(const std::string& line, std::size_t width) {
  if (length(line) <= width || width < 4) return line;
  std::size_t bytes = 0, characters = 0;
  for (; bytes < line.size(); ++bytes) {
    if ((static_cast<unsigned char>(line[bytes]) & 0xC0) == 0x80) continue;
    if (characters++ == width - 3) break;
  }
  return line.substr(0, bytes) + "...";
}

struct Row {
  std::vector<std::string> cells;
  std::string values;
};

Row row_of(const Table& table, const TableFacts& facts, std::size_t c, std::size_t width) {
  const ColumnFacts& column = facts.columns[c];
  const std::string missing = column.missing == 0 ? "" : std::to_string(column.missing);
  const std::string distinct = column.distinct == 0 ? "" : std::to_string(column.distinct);
  return {{std::to_string(c + 1), shortened(table.columns[c].name), std::string(name_of(column.reading.type)), missing,
           distinct, facts.uses[c].words},
          values_text(column, table.columns[c], width)};
}

// The values as the column before the last one.
std::string one_line_each(const std::vector<Row>& rows) {
  Grid grid{{{"no.", "column", "type", "missing", "distinct", "values", "training"}},
            {true, false, false, true, true, false, false}};
  for (const Row& row : rows) {
    grid.rows.push_back(row.cells);
    grid.rows.back().insert(grid.rows.back().end() - 1, row.values);
  }
  return grid.text();
}

// The values on the next line, and also the use in training if the line is full.
std::string lines_each(const std::vector<Row>& rows, std::size_t width) {
  Grid grid{{{"no.", "column", "type", "missing", "distinct", "training"}}, {true, false, false, true, true, false}};
  for (const Row& row : rows) grid.rows.push_back(row.cells);
  std::size_t before = 2 * grid.rows[0].size();
  for (std::size_t k = 0; k + 1 < grid.rows[0].size(); ++k) before += grid.width(k);
  for (std::size_t k = 1; k < grid.rows.size(); ++k)
    if (before + length(grid.rows[k].back()) > width) grid.rows[k].back().clear();
  const std::string text = grid.text();
  const std::string indent(grid.width(0) + 4, ' ');
  std::string out;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    out += cut(text.substr(begin, end - begin), width) + "\n";
    if (line > 0) out += cut(indent + rows[line - 1].values, width) + "\n";
    if (line > 0 && grid.rows[line].back().empty() && !rows[line - 1].cells.back().empty())
      out += cut(indent + rows[line - 1].cells.back(), width) + "\n";
    begin = end + 1;
  }
  return out;
}

std::size_t widest_line(const std::string& text) {
  std::size_t maximum = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    maximum = std::max(maximum, length(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return maximum;
}

}  // namespace

std::string columns_text(const Table& table, const TableFacts& facts, const Terminal& terminal) {
  const bool narrow = terminal.output_is_terminal;
  const std::size_t shown = narrow ? std::min(kColumnsShown, table.columns.size()) : table.columns.size();
  std::string out = table.columns.size() > kManyColumns ? types_text(facts) + "\n" : "";
  std::vector<Row> rows;
  for (std::size_t c = 0; c < shown; ++c) rows.push_back(row_of(table, facts, c, kValuesWidth));
  const std::string wide = one_line_each(rows);
  if (narrow && widest_line(wide) > terminal.output_width) {
    const std::size_t width = std::max<std::size_t>(terminal.output_width, 20) - 8;
    for (std::size_t c = 0; c < shown; ++c) rows[c] = row_of(table, facts, c, width);
    out += lines_each(rows, terminal.output_width);
  } else {
    out += wide;
  }
  if (shown < table.columns.size())
    out += fmt::format("  and {} more columns (--json or a pipe prints all)\n", table.columns.size() - shown);
  return out;
}

}  // namespace chainrule::cli
