// SPDX-License-Identifier: Apache-2.0
// How each number of an explained step is made from others: the formula of a whole quantity, and for one number its
// factors. What `explain` prints, and what a reader can recompute.
#pragma once

#include <string>
#include <vector>

#include "chainrule/explain/explain.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// One number of a step: an entry of a tensor (counted from 0).
struct Entry {
  const Tensor* tensor = nullptr;
  std::size_t row = 0, column = 0;

  double engine() const { return tensor->engine[row * tensor->columns + column]; }
  double truth() const { return tensor->truth[row * tensor->columns + column]; }
  double bound() const { return tensor->bound[row * tensor->columns + column]; }
  bool operator==(const Entry&) const = default;
};

/// A piece of a formula: each {} stands for the next factor.
struct Term {
  std::string pattern;
  std::vector<Entry> factors;
};

/// before, the sum of the terms, after. Nothing at all for what is given and not made.
struct Derivation {
  Term before;
  std::vector<Term> terms;
  Term after;
  bool is_given() const { return terms.empty(); }
};

/// Which row or column of a tensor a factor stands in, told from the number that is made and, in a sum, the term.
struct Place {
  enum Kind { first, row, column, term, term_row, term_column };
  Kind kind = first;  ///< 0; that of the number; the number of the term; term / columns, term mod columns

  /// For the number `entry` and term k, in a tensor with so many columns.
  std::size_t of(const Entry& entry, std::size_t k, std::size_t columns) const;
};

/// How all numbers of a quantity are made: a Derivation whose factors stand at places instead of entries. Only here are
/// the formulas of numbers; derive() and the page put the places in.
struct Recipe {
  struct Factor {
    const Tensor* tensor = nullptr;
    Place row, column;
  };
  struct Terms {
    std::string pattern;
    std::vector<Factor> factors;
    std::size_t count = 1;  ///< terms of this pattern, numbered from 0
  };
  Terms before;
  std::vector<Terms> terms;
  Terms after;
};

/// A quantity in words: what it is, its formula, and its number in the article (equations counted in order of
/// appearance) where it has one.
struct Formula {
  std::string meaning;  ///< "pre-activations of layer 2"
  std::string text;     ///< "W1 a1 + b1"; "" for what is given
  std::string article;  ///< "3"; "" = not in the article
};

/// Throws Error (internal) for a name that no step has.
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

  /// Whether its rows are units and its columns what feeds them (W, dW ...), or it has one number per unit (b, db ...);
  /// else rows are rows of the batch.
  bool of_weights() const { return layer > 0 && symbol.back() == 'W'; }
  bool of_biases() const { return layer > 0 && symbol.back() == 'b'; }
  bool of_parameters() const { return of_weights() || of_biases(); }
};
TensorName parts_of(const std::string& name);

}  // namespace chainrule
#pragma GCC visibility pop
