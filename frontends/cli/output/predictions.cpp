// SPDX-License-Identifier: Apache-2.0
#include "cli/output/predictions.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/report/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule::cli {
namespace {

using Kind = PredictionColumn::Kind;

constexpr std::size_t kNamesShown = 30, kNamesCompared = 10'000;

// Probabilities are computed as floats, so they have the digits of a float.
std::string probability_text(double probability) { return fmt::format("{}", static_cast<float>(probability)); }

Json probability_number(double probability) {
  double few_digits = probability;
  number_from_text(probability_text(probability), few_digits);
  return json_number(few_digits);
}

// An empty field alone in a line would be a blank line.
std::string csv_field(std::string_view text, bool alone) {
  const bool blank_at_ends = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (text.find_first_of(",\"\r\n") == std::string::npos && !blank_at_ends && !(text.empty() && alone))
    return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string joined(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != fields.data()) line += ',';
    line += csv_field(field, fields.size() == 1);
  }
  return line + '\n';
}

std::string probability_name(const std::string& label) { return "probability_" + label; }

// Names of the columns that the model provides.
std::vector<std::string> own_names(const Encoder& encoder) {
  std::vector<std::string> names{"prediction"};
  if (encoder.task == Task::classes) names.emplace_back("probability");
  names.insert(names.end(), {"warnings", "row"});
  for (const std::string& label : encoder.labels) names.push_back(probability_name(label));
  return names;
}

[[noreturn]] void refuse_name(const std::string& flag, const std::string& name, std::vector<std::string> names,
                              const Table& table) {
  for (const Column& column : table.columns) names.push_back(column.name);
  std::string list;
  for (std::size_t i = 0; i < std::min(kNamesShown, names.size()); ++i)
    list += (i > 0 ? ", " : "") + in_quotes(names[i]);
  if (names.size() > kNamesShown) list += fmt::format(" and {} more", names.size() - kNamesShown);
  names.resize(std::min(kNamesCompared, names.size()));
  const std::string near = nearest_name(name, names);
  throw Error(ErrorCategory::usage,
              fmt::format("--{}: expected one of {}, found {}", flag,
                          list.empty() ? "no column (there are none)" : list, in_quotes(name)),
              near.empty() ? "" : fmt::format("did you mean {}?", in_quotes(near)));
}

PredictionColumn named_column(const std::string& name, const Encoder& encoder, const Table& table) {
  if (name == "prediction") return {Kind::prediction, name};
  if (name == "warnings") return {Kind::warnings, name};
  if (name == "row") return {Kind::row, name};
  if (encoder.task == Task::classes && name == "probability") return {Kind::probabilities, name};
  for (std::size_t k = 0; k < encoder.labels.size(); ++k)
    if (name == probability_name(encoder.labels[k])) return {Kind::probability, name, k};
  if (const auto index = try_find_column(table, name)) return {Kind::field, table.columns[*index].name, *index};
  refuse_name("output-columns", name, own_names(encoder), table);
}

// Headings in CSV, or keys in JSON.
std::vector<std::string> names_of(const std::vector<PredictionColumn>& columns, const Encoder& encoder, bool json) {
  std::vector<std::string> names;
  for (const PredictionColumn& column : columns) {
    if (column.kind != Kind::probabilities) {
      names.push_back(column.name);
    } else if (json) {
      names.emplace_back("probabilities");
    } else {
      for (const std::string& label : encoder.labels) names.push_back(probability_name(label));
    }
  }
  return names;
}

void refuse_repeated(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names)
    if (!seen.insert(name).second)
      throw Error(ErrorCategory::usage,
                  fmt::format("--output-columns: expected each name at most once, found {} twice", in_quotes(name)),
                  "--id and --output-columns choose the output columns");
}

}  // namespace

std::vector<std::string> requested_texts(const Arguments& arguments) {
  std::vector<std::string> names;
  if (arguments.has("id")) names.push_back(arguments.text("id"));
  if (!arguments.has("output-columns")) return names;
  for (const std::string& text : arguments.flags.at("output-columns"))
    for (std::string& name : split_list(text)) names.push_back(std::move(name));
  return names;
}

std::vector<PredictionColumn> prediction_columns(const Arguments& arguments, const Encoder& encoder,
                                                 const Table& table) {
  const bool json = arguments.is_true("json"), chosen = arguments.has("output-columns");
  std::vector<std::string> requested = requested_texts(arguments);
  std::vector<PredictionColumn> columns;
  if (arguments.has("id")) {
    const auto index = try_find_column(table, requested[0]);
    if (!index) refuse_name("id", requested[0], {}, table);
    columns.push_back({Kind::field, table.columns[*index].name, *index});
    requested.erase(requested.begin());
  }
  if (chosen && requested.empty())
    throw Error(ErrorCategory::usage, "--output-columns: expected names separated by commas, found none");
  if (json && !chosen && (columns.empty() || columns[0].name != "row")) columns.push_back({Kind::row, "row"});
  if (!chosen) requested = {"prediction", "probability"};
  if (!chosen && encoder.task == Task::number) requested.pop_back();
  for (const std::string& name : requested) columns.push_back(named_column(name, encoder, table));
  if (arguments.is_true("warnings") && !has(columns, Kind::warnings)) columns.push_back({Kind::warnings, "warnings"});
  refuse_repeated(names_of(columns, encoder, json));
  return columns;
}

bool has(const std::vector<PredictionColumn>& columns, PredictionColumn::Kind kind) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const PredictionColumn& column) { return column.kind == kind; });
}

std::string csv_heading(const std::vector<PredictionColumn>& columns, const Encoder& encoder) {
  return joined(names_of(columns, encoder, false));
}

std::string csv_line(const std::vector<PredictionColumn>& columns, const Encoder& encoder, const Table& table,
                     const PredictedRow& row) {
  std::vector<std::string> fields;
  for (const PredictionColumn& column : columns) {
    switch (column.kind) {
      case Kind::prediction:
        fields.push_back(encoder.task == Task::number ? number_text(row.prediction[0]) : encoder.labels[row.label]);
        break;
      case Kind::probabilities:
        for (const double probability : row.prediction) fields.push_back(probability_text(probability));
        break;
      case Kind::probability:
        fields.push_back(probability_text(row.prediction[column.index]));
        break;
      case Kind::warnings:
        fields.push_back(row.warnings);
        break;
      case Kind::row:
        fields.push_back(std::to_string(number_of_row(table, row.row)));
        break;
      case Kind::repeat:
        fields.push_back(std::to_string(row.repeat));
        break;
      case Kind::fold:
        fields.push_back(std::to_string(row.fold));
        break;
      case Kind::field:
        fields.push_back(field_text(table, table.columns[column.index], row.row));
        break;
    }
  }
  return joined(fields);
}

std::string json_line(const std::vector<PredictionColumn>& columns, const Encoder& encoder, const Table& table,
                      const PredictedRow& row) {
  Json line = Json::object();
  for (const PredictionColumn& column : columns) {
    switch (column.kind) {
      case Kind::prediction:
        line["prediction"] =
            encoder.task == Task::number ? json_number(row.prediction[0]) : Json(encoder.labels[row.label]);
        break;
      case Kind::probabilities: {
        Json& probabilities = line["probabilities"] = Json::object();
        for (std::size_t k = 0; k < row.prediction.size(); ++k)
          probabilities[encoder.labels[k]] = probability_number(row.prediction[k]);
        break;
      }
      case Kind::probability:
        line[column.name] = probability_number(row.prediction[column.index]);
        break;
      case Kind::warnings:
        line["warnings"] = row.warnings;
        break;
      case Kind::row:
        line["row"] = number_of_row(table, row.row);
        break;
      case Kind::repeat:
        line["repeat"] = row.repeat;
        break;
      case Kind::fold:
        line["fold"] = row.fold;
        break;
      case Kind::field:
        line[column.name] = field_text(table, table.columns[column.index], row.row);
        break;
    }
  }
  // Text from files may not be UTF-8, as JSON requires.
  return line_text(line) + "\n";
}

void say_clamped(const Terminal& terminal, const Encoder& encoder, std::size_t clamped, std::size_t rows) {
  if (clamped == 0) return;
  say_notes(
      terminal,
      {warning_note(NoteTopic::drift,
                    message_of(fmt::format("{} of {} predictions clamped to the range of the training targets ({} "
                                           "to {}); a model trained with ",
                                           clamped, rows, encoder.min_prediction, encoder.max_prediction),
                               NamedOption{"clamp_predictions", "false"}, " may leave it"))});
}

}  // namespace chainrule::cli
