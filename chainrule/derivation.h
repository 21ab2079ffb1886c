// SPDX-License-Identifier: Apache-2.0
// How each number of an explained step is made from others: the formula of a whole quantity, and for one number its
// factors. What `explain` prints, and what a reader can recompute.
#pragma once

#include <string>
#include <vector>

#include "chainrule/explain.h"

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

/// A quantity in words: what it is, its formula, and its number in the article (equations counted in order of
/// appearance) where it has one.
struct Formula {
  std::string meaning;  ///< "pre-activations of layer 2"
  std::string text;     ///< "W1 a1 + b1"; "" for what is given
  std::string article;  ///< "3"; "" = not in the article
};

/// Throws Error (internal) for a name that no step has.
Formula formula_of(const Explanation& explanation, const ExplainedStep& step, const Tensor& tensor);
Derivation derive(const Explanation& explanation, const ExplainedStep& step, const Entry& entry);

/// "z2[3]", "W1[3,1]", "objective"; with several rows "z2[3; row 17]". Units count from 1.
std::string name_of(const Explanation& explanation, const Entry& entry);
/// The parts of a tensor's name: "first_W1_after" is first_, W, 1, true.
struct TensorName {
  std::string symbol;     ///< "W", "z", "delta", "dW", "first_W", "objective"
  std::size_t layer = 0;  ///< 0 = none
  bool after = false;
};
TensorName parts_of(const std::string& name);

}  // namespace chainrule
