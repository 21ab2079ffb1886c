// SPDX-License-Identifier: Apache-2.0
// The input of explain and check: a network, trained or fresh, and some rows of a data file.
#pragma once

#include <string>
#include <vector>

#include "chainrule/engine/reference/reference.h"
#include "chainrule/training/fit.h"
#include "cli/command_line/parse.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {

struct Subject {
  std::string origin;  ///< "model digits.safetensors" or "fresh network, seed 1"
  Encoder encoder;
  Network network;
  TrainOptions options;  ///< loss included
  Table table;
  std::vector<std::size_t> rows;  ///< of the table, from 0; users see number_of_row()
  ReferenceBatch batch;           ///< these rows: the engine's floats, widened
};

/// MODEL DATA: the model with its training options; training and optimizer options on the command line override them.
/// DATA alone: a fresh network with these options (preset fast by default). The rows of --row, else the first
/// `fallback`. Throws Error (usage) for options without effect and for missing rows; else as its parts do.
Subject load_subject(const Arguments& arguments, const Terminal& terminal, std::size_t fallback);

/// Row numbers from 1 and ranges of them: "17", "1-5", "3,7". Each once, in the given order. Throws Error (usage)
/// unless all are in 1 ... most.
std::vector<std::size_t> parse_rows(const std::vector<std::string>& texts, std::size_t maximum);

}  // namespace chainrule::cli
