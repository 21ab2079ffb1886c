// SPDX-License-Identifier: Apache-2.0
// Files in and out: bytes <-> Table or Model. The model knows no format; the format is known by content, not by name.
#pragma once

#include <optional>
#include <string>

#include "chainrule/table.h"

namespace chainrule {
struct Explanation;
struct Model;
}  // namespace chainrule

namespace chainrule::formats {

enum class Header { detect, yes, no };
/// Which files of an MNIST folder are meant.
enum class Part { training, test };

struct LoadOptions {
  Header header = Header::detect;
  char delimiter = 0;  ///< ',' ';' or '\t'; 0 = detect
  /// The target column by name or number (from 1), whose spellings are kept as written; "" = the last column; nullopt =
  /// the file need not have a target.
  std::optional<std::string> target = "";
  bool target_required = true;  ///< false: a named target that the file lacks is no error
  std::string labels;           ///< file with the labels of an image or NPY file; "" = found beside it by name
  Part part = Part::training;   ///< for a folder with the four MNIST files
};

/// Reads a table: CSV (comma, semicolon, tab; quotes; RFC 4180), IDX images, NPY, each plain or gzipped; a folder with
/// MNIST's IDX files; "-" reads standard input. Throws Error (input) with file, line and field.
Table load_table(const std::string& path, const LoadOptions& options = {});

/// Writes the model as one .safetensors file, whole or not at all (temporary file beside it, fsync, rename). Throws
/// Error (output), or (usage) when the file exists and `overwrite` is false.
void save_model(const Model& model, const std::string& path, bool overwrite = false);

/// Reads and checks a model file; nothing in it is trusted. Throws Error (input) naming tensor and numbers.
Model load_model(const std::string& path);

/// The explanation as one JSON document, all numbers of all steps; docs/formats.md describes it.
std::string explanation_json(const Explanation& explanation);

/// The explanation as one self-contained page: the network to look at, every number with its formula, and a table. It
/// asks for nothing from anywhere.
std::string explanation_html(const Explanation& explanation);

}  // namespace chainrule::formats
