// SPDX-License-Identifier: Apache-2.0
// A model: everything from the columns to a prediction, and its provenance. Models are saved, loaded and predict.
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
#include "chainrule/metrics/metrics.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// How a model was made. Equal runs give equal provenance: it has no time, host, path or thread count.
struct Provenance {
  std::string program;                                             ///< "chainrule 0.1.0"
  std::vector<std::pair<std::string, std::string>> configuration;  ///< every option that changes results, as text
  std::uint64_t seed = 0;
  std::string data_fingerprint;  ///< of the training table, see FitData
  std::string stop;              ///< "epochs_done", "early_stopping" or "interrupted"
  std::uint64_t epochs = 0, best_epoch = 0, steps = 0;
  Metrics training, validation;
  Estimates test = {};  ///< of the test rows; none if no rows were kept for the test
};

struct Model {
  Encoder encoder;
  Network network;
  Loss loss;
  /// Two classes: minimum probability for predicting the second one, in (0, 1); none: the likelier class is predicted.
  std::optional<double> threshold = {};
  Provenance provenance;
};

/// The class of a Predictor's output `prediction`: by the threshold if there is one, else the first of the likeliest; 0
/// for a number. Throws Error (usage) if its length differs from the model's outputs.
std::size_t decide(const Model& model, std::span<const double> prediction);

/// Checks that encoder, network and loss fit together and that every number is finite. Throws Error (input; usage for
/// the architecture's sizes) with the part that does not.
void validate(const Model& model);

/// Predicts from rows of raw numbers.
///
/// Inputs: columns as in model.encoder.inputs. A number, NaN if missing; a boolean as 0 or 1; a date as seconds since
/// 1970; a time as seconds since midnight; a category as its index in the list, any other value for a new one; pixels
/// as 0 ... 255.
///
/// Outputs: one score per class, each >= 0, with sum 1; or the number in its own unit. If the loss's link gives no
/// distribution, scores are clipped at 0 and divided by their sum (equal scores if the sum is 0).
///
/// The model is read only and must outlive its predictors; each thread needs its own predictor.
class Predictor {
 public:
  /// Computes up to max_rows rows at a time; threads as for NetworkPredictor. Throws as validate() does.
  explicit Predictor(const Model& model, std::size_t max_rows = 64, std::size_t threads = 1);
  explicit Predictor(const Model&& model, std::size_t max_rows = 64, std::size_t threads = 1) = delete;
  /// `rows`: (any x encoder.columns()), `predictions`: (rows x outputs). Allocates nothing. Throws Error: (input) for
  /// sizes that do not fit and, before any prediction, for infinite inputs (pixels: not finite), with row and column;
  /// (numerics) for outputs that are not finite.
  void predict(ViewOf<const double> rows, ViewOf<double> predictions);
  /// The same for rows that encode() made: row i of `predictions` is the prediction for row rows[i] of `inputs`.
  /// NaN is refused here.
  void predict(const Features& inputs, std::span<const std::size_t> rows, ViewOf<double> predictions);
  /// The values behind these predictions: a(L) of each row, the link not applied; outputs: (rows x outputs). Throws as
  /// predict(), but accepts outputs that are not finite.
  void outputs(const Features& inputs, std::span<const std::size_t> rows, MatrixView outputs);

 private:
  const Model* model_;
  NetworkPredictor network_;
  Matrix inputs_, outputs_;
};

}  // namespace chainrule
#pragma GCC visibility pop
