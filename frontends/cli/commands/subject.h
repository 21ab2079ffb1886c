// SPDX-License-Identifier: Apache-2.0
// What explain and check look at: a network, trained or fresh, and some rows of a data file.
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
  std::vector<std::size_t> rows;  ///< of the table, from 0; number_of_row() is what users call them
  TruthBatch batch;               ///< these rows: the engine's floats, widened
};

/// MODEL DATA: the model, with what it was trained with; options of training and optimiser on the command line are
/// stronger. DATA alone: a fresh network with these options, of preset fast where none is named. Rows as --row says,
/// else the first `fallback`. Throws Error (usage) for options that play no part, for rows that are not there; else as
/// its parts do.
Subject load_subject(const Arguments& arguments, const Terminal& terminal, std::size_t fallback);

/// Numbers, and ranges of them, from 1: "17", "1-5", "3,7"; each once, in the order given. Throws Error (usage) unless
/// all are in 1 ... most.
std::vector<std::size_t> parse_rows(const std::vector<std::string>& texts, std::size_t most);

}  // namespace chainrule::cli
