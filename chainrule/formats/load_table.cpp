// SPDX-License-Identifier: Apache-2.0
// From a path to a table: a folder with MNIST's files, or one file whose format its content tells.
#include <sys/stat.h>

#include <array>

#include "chainrule/error.h"
#include "chainrule/formats/formats.h"
#include "chainrule/formats/loaders.h"

namespace chainrule::formats {
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
  throw Error(ErrorCategory::input, place(folder) + ": folder: expected MNIST's files in it, " + stem +
                                        "-idx3-ubyte or " + stem + "-idx3-ubyte.gz, found neither");
}

}  // namespace

Table load_table(const std::string& path, const LoadOptions& options) {
  if (is_folder(path)) {
    const std::string images = images_in_folder(path, options.part);
    Table table = load_table(images, options);
    table.notes.insert(table.notes.begin(), "images taken from " + place(images));
    return table;
  }
  InputStream in(path);
  const Content content = recognise(in);
  if (content == Content::idx) return load_idx(in, options);
  if (content == Content::npy) return load_npy(in, options);
  if (!options.labels.empty())
    throw Error(ErrorCategory::usage,
                place(in.name()) +
                    ": labels: expected images or an NPY array to put them to, found "
                    "a CSV table",
                "in a table the target is one of the columns");
  return load_csv(in, options);
}

}  // namespace chainrule::formats
