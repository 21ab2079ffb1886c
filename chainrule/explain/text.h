// SPDX-License-Identifier: Apache-2.0
// An explanation as text: every quantity with its formula, the same formula with numbers, and the engine's result next
// to the reference.
#pragma once

#include <string>

#include "chainrule/explain/explain.h"

namespace chainrule {

struct ExplainView {
  std::size_t layer = 0;         ///< 0 = all; else the quantities of this layer of the article, and the weights into it
  std::size_t unit = 0;          ///< 0 = all; else this unit of each layer
  std::size_t width = 100;       ///< columns of text, at least 40
  bool color = false;            ///< with terminal escape codes
  std::size_t max_numbers = 10;  ///< numbers printed per quantity; the others are counted
};

/// The steps, quantity by quantity. Throws Error (usage) for a layer or unit that does not exist.
std::string explain_text(const Explanation& explanation, const ExplainView& view = {});

/// The derivation of one parameter, "W2[3,1]" or "b1[2]", in each step: its update, the factors of the update, and so
/// on down to the inputs; one line per factor of the chain rule. Any other number is possible, too. Throws Error
/// (usage) for an unknown name.
std::string explain_path(const Explanation& explanation, const std::string& name, const ExplainView& view = {});

}  // namespace chainrule
