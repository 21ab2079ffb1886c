// SPDX-License-Identifier: Apache-2.0
// A model: the whole way from columns to an answer, and where it came from. What is saved, loaded and asked to predict.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/inference.h"
#include "chainrule/engine/network.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/metrics/metrics.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Where a model came from. Nothing that differs between equal runs: no time, host, path or thread count.
struct Provenance {
  std::string program;                                             ///< "chainrule 0.1.0"
  std::vector<std::pair<std::string, std::string>> configuration;  ///< every option that changes results, as text
  std::uint64_t seed = 0;
  std::string data_fingerprint;  ///< of the training table, see fingerprint() in fit.h
  std::string stop;              ///< "epochs_done", "early_stopping" or "interrupted"
  std::uint64_t epochs = 0, best_epoch = 0, steps = 0;
  Metrics training, validation;
  Estimates test = {};  ///< of rows kept from all decisions; no rows: there were none
};

struct Model {
  Encoder encoder;
  Network network;
  Loss loss;
  /// Two classes: the second one is predicted from this probability on, in (0, 1); none: the likelier class is.
  std::optional<double> threshold = {};
  Provenance provenance;
};

/// The class that an answer of a Predictor means: as the threshold says, else the first of the likeliest; 0 for a
/// number. Throws Error (usage) for an answer of another length than the model's.
std::size_t decide(const Model& model, std::span<const double> answer);

/// SHA-256, in hex, of the parameters as little-endian floats in the order of the flat block.
std::string weights_sha256(const Network& network);

/// SHA-256, in hex, of what an encoder reads of a table: inputs, target (text as written), weights, pixels, in the
/// encoder's order. Names, formatting, other columns and, where names match, the order of columns do not count; the
/// order of rows does. Throws as encode().
std::string fingerprint(const Table& table, const Encoder& encoder);

/// Checks that encoder, network and loss fit together and that every number is finite. Throws Error (input, or usage
/// for the architecture's sizes) that says what does not.
void validate(const Model& model);

/// Answers rows of raw numbers (columns as in model.encoder.inputs: a number, NaN where it is missing; of a boolean 0
/// or 1; of a date its seconds since 1970, of a time those since midnight; or the place of a category in its list,
/// anything else for a new one; or pixels 0 ... 255): one score per class, which are >= 0 and sum to 1 (where the
/// loss's link gives no distribution: clipped at 0 and divided by their sum, equal where that is 0), or the number in
/// its own unit. The model is never written and must outlive its predictors; each thread has a predictor of its own.
class Predictor {
 public:
  /// Computes most_rows at a time; threads as for NetworkPredictor. Throws as validate() does.
  explicit Predictor(const Model& model, std::size_t most_rows = 64, std::size_t threads = 1);
  explicit Predictor(const Model&& model, std::size_t most_rows = 64, std::size_t threads = 1) = delete;
  /// rows: (any x encoder.columns()), answers: (rows x outputs). Allocates nothing. Throws Error: (input) for sizes
  /// that do not fit and for an input that is infinite, (numerics) for an answer that is not.
  void predict(ViewOf<const double> rows, ViewOf<double> answers);
  /// The same for rows that encode() made: row i of `answers` answers row rows[i] of `inputs`.
  void predict(const Features& inputs, std::span<const std::size_t> rows, ViewOf<double> answers);

 private:
  void answer_encoded(ViewOf<double> answers);
  void encode_row(std::span<const double> row, std::span<float> inputs) const;
  void answer_row(std::span<const float> outputs, std::span<double> answer) const;

  const Model* model_;
  NetworkPredictor network_;
  Matrix inputs_, outputs_;
};

}  // namespace chainrule
#pragma GCC visibility pop
