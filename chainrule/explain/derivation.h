// SPDX-License-Identifier: Apache-2.0
// How each number of an explained step is computed: the formula of a whole quantity, and the factors of one number.
// `explain` prints both, so that a reader can recompute every number.
#pragma once

#include <string>
#include <vector>

#include "chainrule/explain/explain.h"

namespace chainrule {

/// One number of a step: an entry of a tensor (row and column from 0).
struct Entry {
  const Tensor* tensor = nullptr;
  std::size_t row = 0, column = 0;

  double engine() const { return tensor->engine[row * tensor->columns + column]; }
  double reference() const { return tensor->reference[row * tensor->columns + column]; }
  double bound() const { return tensor->bound[row * tensor->columns + column]; }
  bool operator==(const Entry&) const = default;
};

/// A part of a formula: each {} stands for the next factor.
struct Term {
  std::string pattern;
  std::vector<Entry> factors;
};

/// before, the sum of the terms, after. Empty for given numbers, which are not computed.
struct Derivation {
  Term before;
  std::vector<Term> terms;
  Term after;
  bool is_given() const { return terms.empty(); }
};

/// The row or column of a factor in its tensor, as a function of the entry that is computed and, in a sum, of the term.
struct FactorIndex {
  enum Kind { first, row, column, term, term_row, term_column };
  Kind kind = first;  ///< 0; the entry's row or column; the term's number k; k / columns, k mod columns

  /// The index for `entry` and term k, in a tensor with `columns` columns.
  std::size_t of(const Entry& entry, std::size_t k, std::size_t columns) const;
};

/// How all numbers of a quantity are computed: a Derivation with an index rule (`Place`) for each factor instead of an
/// entry. This is the only source of these formulas; derive() and the page substitute the indices.
struct Recipe {
  struct Factor {
    const Tensor* tensor = nullptr;
    FactorIndex row, column;
  };
  struct Terms {
    std::string pattern;
    std::vector<Factor> factors;
    std::size_t count = 1;  ///< number of terms with this pattern; k counts from 0
  };
  Terms before;
  std::vector<Terms> terms;
  Terms after;
};

/// A quantity in words: its meaning, its formula, and its equation numbers in the article (equations are counted in
/// order of appearance), if it has any.
struct Formula {
  std::string meaning;  ///< "pre-activations of layer 2"
  std::string text;     ///< "W1 a1 + b1"; "" for given quantities
  std::string article;  ///< "3"; "" = not in the article
};

/// Throws Error (internal) for a name that does not occur in any step.
Formula formula_of(const Explanation& explanation, const ExplainedStep& step, const Tensor& tensor);
/// The part of the step that a quantity belongs to: "before the step", "forward", "loss", "backward", "gradients",
/// "update".
const char* part_of(const Tensor& tensor);
Recipe recipe_of(const Explanation& explanation, const ExplainedStep& step, const Tensor& tensor);
Derivation derive(const Explanation& explanation, const ExplainedStep& step, const Entry& entry);

/// "z2[3]", "W1[3,1]", "objective"; with several rows "z2[3; row 17]". Units count from 1.
std::string name_of(const Explanation& explanation, const Entry& entry);
/// The parts of a tensor's name: "first_W1_after" is first_, W, 1, true.
struct TensorName {
  std::string symbol;     ///< "W", "z", "delta", "dW", "first_W", "objective"
  std::size_t layer = 0;  ///< 0 = none
  bool after = false;

  /// W, dW ...: a row per unit, a column per input of the unit. b, db ...: one number per unit. Otherwise rows are the
  /// rows of the batch.
  bool of_weights() const { return layer > 0 && symbol.back() == 'W'; }
  bool of_biases() const { return layer > 0 && symbol.back() == 'b'; }
  bool of_parameters() const { return of_weights() || of_biases(); }
};
TensorName parts_of(const std::string& name);
/// Three quantities have another name in the JSON document, where programs read the names of version 0.1.0: row_weight,
/// a_masked2 and f_prime2 are share, fed2 and slope2. Other names stay.
std::string name_in_json(const std::string& name);
std::string name_from_json(const std::string& name);

}  // namespace chainrule
