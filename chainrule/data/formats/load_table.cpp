// SPDX-License-Identifier: Apache-2.0
// From a path to a table: a folder with MNIST's files, or one file whose content determines the format.
#include "chainrule/data/formats/load_table.h"

#include <sys/stat.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/csv.h"
#include "chainrule/data/formats/loaders.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/table_rows.h"

namespace chainrule::formats {

// Applies the reading options of a training, stored in its model, to another table.

namespace {

// A column of the training data: its name, and its number from 1.
struct Known {
  std::string name;
  std::size_t number = 0;
};

std::vector<Known> known_columns(const Encoder& encoder) {
  std::vector<Known> known;
  for (std::size_t j = 0; j < encoder.inputs.size() && j < encoder.input_columns.size(); ++j)
    known.push_back({encoder.inputs[j].name, encoder.input_columns[j]});
  known.push_back({encoder.target, encoder.target_column});
  if (encoder.weight_column > 0) known.push_back({encoder.weight, encoder.weight_column});
  return known;
}

// As find_column() would have found it in the training data.
std::optional<Known> find_known(const std::vector<Known>& known, const std::string& name_or_number) {
  for (const Known& column : known)
    if (column.name == name_or_number) return column;
  for (const Known& column : known)
    if (std::to_string(column.number) == name_or_number) return column;
  return std::nullopt;
}

std::optional<std::size_t> index_in(const Table& head, const Encoder& encoder, const Known& column) {
  if (encoder.match_by_name && head.names_from_header) {
    for (std::size_t c = 0; c < head.columns.size(); ++c)
      if (head.columns[c].name == column.name) return c;
    return std::nullopt;
  }
  const bool without_target = head.columns.size() + 1 == encoder.training_columns;
  if (without_target && column.number == encoder.target_column) return std::nullopt;
  return column.number - (without_target && column.number > encoder.target_column ? 2 : 1);
}

}  // namespace

namespace {

// By name or number, as in the training data of a model if there is one.
std::vector<std::size_t> columns_named(const Table& head, const LoadOptions& options,
                                       const std::vector<std::string>& names, const char* option) {
  std::vector<std::size_t> columns;
  const auto all = options.trained == nullptr ? std::vector<Known>() : known_columns(*options.trained);
  for (const std::string& name : names) {
    if (options.trained == nullptr) {
      columns.push_back(find_column(head, name, option));
      continue;
    }
    const std::optional<Known> known = find_known(all, name);
    const auto index = known ? index_in(head, *options.trained, *known) : std::nullopt;
    if (index && *index < head.columns.size()) columns.push_back(*index);
  }
  return columns;
}

// What a model knows about its columns.
void take_rules(const Table& head, const LoadOptions& options, std::vector<ColumnRules>& rules) {
  const Encoder& encoder = *options.trained;
  const std::vector<Known> known = known_columns(encoder);
  // Where the options say how numbers are written, only the unit is the model's.
  const NumberNotation stated = notation_of(options);
  const auto notation = [&](NumberNotation its) -> std::optional<NumberNotation> {
    if (!stated.is_plain()) its = {stated.decimal, stated.thousands, its.unit};
    return its == stated ? std::nullopt : std::optional(its);
  };
  for (std::size_t j = 0; j < encoder.inputs.size() && j < encoder.input_columns.size(); ++j) {
    const auto index = index_in(head, encoder, known[j]);
    if (!index || *index >= rules.size()) continue;
    const InputColumn& input = encoder.inputs[j];
    ColumnRules& its = rules[*index];
    its.as_written = input.categorical;
    its.decided = true;
    its.date = input.date;
    const bool is_number = !input.categorical && !input.boolean && !input.date;
    if (is_number) its.notation = notation(input.notation);
    its.numeric = its.numeric || (is_number && options.bad_fields_missing);
  }
  const auto target = index_in(head, encoder, {encoder.target, encoder.target_column});
  if (!target || *target >= rules.size()) return;
  rules[*target].decided = true;
  if (encoder.task == Task::number) rules[*target].notation = notation(encoder.target_notation);
}

}  // namespace

std::vector<ColumnRules> column_rules(const Table& head, const LoadOptions& options) {
  std::vector<ColumnRules> rules(head.columns.size());
  for (const std::size_t c : columns_named(head, options, options.numeric, "numeric")) rules[c].numeric = true;
  for (const std::size_t c : columns_named(head, options, options.categorical, "categorical"))
    rules[c].as_written = true;
  if (options.trained != nullptr) take_rules(head, options, rules);
  return rules;
}

namespace {

bool is_folder(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool exists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

std::string images_in_folder(const std::string& folder, Part part) {
  const std::string stem = part == Part::training ? "train-images" : "t10k-images";
  constexpr std::array kEndings{"-idx3-ubyte", "-idx3-ubyte.gz", ".idx3-ubyte", ".idx3-ubyte.gz"};
  const std::string base = folder + (folder.ends_with('/') ? "" : "/") + stem;
  for (const std::string ending : kEndings)
    if (exists(base + ending)) return base + ending;
  throw Error(ErrorCategory::input, location(folder) + ": folder: expected MNIST's files in it, " + stem +
                                        "-idx3-ubyte or " + stem + "-idx3-ubyte.gz, found neither");
}

// Decodes a text and detects the format.
Content begin(InputStream& in, const LoadOptions& options) {
  const std::string_view mark = in.peek(4);
  const bool is_utf_16 =
      (mark.starts_with("\xFF\xFE") && mark.substr(2) != std::string_view("\0\0", 2)) || mark.starts_with("\xFE\xFF");
  if (!options.encoding.empty() || is_utf_16) in.decode_from(options.encoding.empty() ? "UTF-16" : options.encoding);
  return recognise(in);
}

[[noreturn]] void refuse_labels(const InputStream& in) {
  throw option_error("labels", location(in.name()) + ": expected images or an NPY array, found a CSV table",
                     "in a table the target is one of the columns");
}

// Of regular files; a gzipped one has more rows than its size tells.
std::uint64_t bytes_of_files(const std::vector<std::string>& paths) {
  std::uint64_t bytes = 0;
  for (const std::string& path : paths) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
      bytes += static_cast<std::uint64_t>(status.st_size);
  }
  return bytes;
}

// Rows that are there twice would be on both sides of a split.
void refuse_repeated_files(const std::vector<std::string>& paths) {
  std::map<std::pair<dev_t, ino_t>, std::string> seen;
  for (const std::string& path : paths) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const auto [at, is_new] = seen.emplace(std::pair(status.st_dev, status.st_ino), path);
    if (is_new) continue;
    throw Error(ErrorCategory::input, location(path) + ": expected each file once, found it twice" +
                                          (at->second == path ? "" : ", also as " + location(at->second)));
  }
}

// Of a table with targets; counted and named.
void leave_out_unknown_classes(Table& table, const LoadOptions& options) {
  if (options.trained == nullptr || !options.bad_fields_missing || !options.target) return;
  const Encoder& encoder = *options.trained;
  const auto target = index_in(table, encoder, {encoder.target, encoder.target_column});
  if (encoder.task == Task::classes && target && *target < table.columns.size())
    leave_out_rows_of_other_classes(table, *target, encoder.labels);
}

}  // namespace

Table load_table(const std::vector<std::string>& paths, const LoadOptions& options) {
  expect_at_least(1, paths.size(), "files");
  if (paths.size() == 1) return load_table(paths[0], options);
  refuse_repeated_files(paths);
  const std::uint64_t all = bytes_of_files(paths);
  CsvReader reader(options, all - bytes_of_files({paths[0]}));
  for (const std::string& path : paths) {
    InputStream in(path);
    if (begin(in, options) != Content::text)
      throw Error(ErrorCategory::input,
                  location(path) + ": expected CSV, as several files make one table, found another format",
                  message_of(NamedOption{"labels"}, " names the file with the labels of images"));
    if (!options.labels.empty()) refuse_labels(in);
    reader.add(in);
  }
  Table table = reader.take();
  leave_out_unknown_classes(table, options);
  return table;
}

Table load_table(const std::string& path, const LoadOptions& options) {
  if (is_folder(path)) {
    const std::string images = images_in_folder(path, options.part);
    Table table = load_table(images, options);
    table.notes.insert(table.notes.begin(), info_note(NoteTopic::reading, "images taken from " + location(images)));
    return table;
  }
  InputStream in(path);
  const Content content = begin(in, options);
  if (content == Content::idx) return load_idx(in, options);
  if (content == Content::npy) return load_npy(in, options);
  if (!options.labels.empty()) refuse_labels(in);
  Table table = load_csv(in, options);
  leave_out_unknown_classes(table, options);
  return table;
}

Table make_table(const std::vector<NamedColumn>& columns, const LoadOptions& options) {
  const auto rows_of = [](const NamedColumn& column) {
    return std::visit([](const auto& values) { return values.size(); }, column.values);
  };
  expect_at_least(1, columns.size(), "columns");
  const std::size_t rows = rows_of(columns[0]);
  expect_at_least(1, rows, "rows");
  for (const NamedColumn& column : columns)
    expect_equal(rows, rows_of(column), ("rows of column " + in_quotes(column.name)).c_str());
  return table_from_columns(columns, rows, options);
}

}  // namespace chainrule::formats
