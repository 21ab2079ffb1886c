// SPDX-License-Identifier: Apache-2.0
// Labels in a separate file: finds it, and checks that it fits the images.
#include <sys/stat.h>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/loaders.h"

namespace chainrule::formats {
namespace {

bool is_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

bool replace(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.rfind(from);
  if (at == std::string::npos) return false;
  text.replace(at, from.size(), to);
  return true;
}

// Possible names of the label file for the images in `path`, the likeliest first; none if `path` has no image name.
std::vector<std::string> label_candidates(const std::string& path) {
  const std::size_t file_begins = path.find_last_of('/') + 1;
  const std::string folder = path.substr(0, file_begins);
  std::string name = path.substr(file_begins);
  if (!replace(name, "images", "labels")) return {};
  replace(name, "idx3", "idx1");
  const bool is_gzip = replace(name, ".gz", "");
  std::string other = name;  // both "-idx1-ubyte" and ".idx1-ubyte" are common
  if (!replace(other, "-idx1", ".idx1")) replace(other, ".idx1", "-idx1");
  std::vector<std::string> out;
  for (const std::string& base : {name, other}) {
    if (!out.empty() && other == name) break;
    out.push_back(folder + base + (is_gzip ? ".gz" : ""));
    out.push_back(folder + base + (is_gzip ? "" : ".gz"));
  }
  return out;
}

std::string find_labels(const std::string& path) {
  for (const std::string& candidate : label_candidates(path))
    if (is_file(candidate)) return candidate;
  return "";
}

[[noreturn]] void refuse_missing(const std::string& path) {
  std::string looked_for;
  for (const std::string& candidate : label_candidates(path))
    looked_for += (looked_for.empty() ? "" : " or ") + location(candidate.substr(candidate.find_last_of('/') + 1));
  throw Error(ErrorCategory::input,
              location(path) + ": labels: expected a file of labels next to it" +
                  (looked_for.empty() ? "" : ", " + looked_for) + ", found none",
              message_of(NamedOption{"labels"}, " names the file with the labels"));
}

Column read_table_labels(InputStream& in, std::size_t rows, const std::string& owner) {
  Table table = load_csv(in, {});
  if (table.columns.size() != 1)
    throw Error(ErrorCategory::input,
                location(in.name()) + ": labels: expected one column, found " + std::to_string(table.columns.size()));
  check_label_count(in.name(), table.rows, owner, rows);
  table.columns[0].name = "label";
  return std::move(table.columns[0]);
}

}  // namespace

void check_label_count(const std::string& labels, std::size_t count, const std::string& owner, std::size_t rows) {
  if (count == rows) return;
  throw Error(ErrorCategory::input, location(labels) + ": labels: expected " + std::to_string(rows) +
                                        ", one for each row of " + location(owner) + ", found " +
                                        std::to_string(count));
}

Column read_labels(const std::string& path, std::size_t rows, const std::string& owner) {
  InputStream in(path);
  const Content content = recognise(in);
  if (content == Content::idx) return read_idx_labels(in, rows, owner);
  if (content == Content::npy) return read_npy_labels(in, rows, owner);
  return read_table_labels(in, rows, owner);
}

void add_labels(Table& table, const std::string& path, const LoadOptions& options) {
  const bool requested = !options.labels.empty();
  if (!requested && !options.target) return;
  const std::string labels = requested ? options.labels : find_labels(path);
  if (labels.empty() && options.target_required) refuse_missing(path);
  if (labels.empty()) return;
  table.columns.push_back(read_labels(labels, table.rows, path));
  if (!requested)
    table.notes.push_back(info_note(NoteTopic::reading, "labels taken from " + location(labels), "", "labels"));
  check_target(table, options);
}

void check_target(const Table& table, const LoadOptions& options) {
  if (options.target && options.target_required && !options.target->empty())
    find_column(table, *options.target, "target");
}

}  // namespace chainrule::formats
