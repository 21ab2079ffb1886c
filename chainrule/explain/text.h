// SPDX-License-Identifier: Apache-2.0
// An explanation as text for people: every quantity with its formula, the numbers put into it, and the result of the
// engine beside the truth.
#pragma once

#include <string>

#include "chainrule/explain/explain.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct ExplainView {
  std::size_t layer = 0;    ///< 0 = all; else what belongs to this layer of the article, and the weights into it
  std::size_t unit = 0;     ///< 0 = all; else this unit of each layer
  std::size_t width = 100;  ///< columns of text, at least 40
  bool color = false;       ///< with the escapes of a terminal
  std::size_t most = 10;    ///< numbers shown of a quantity; what is left out is counted
};

/// The steps, quantity by quantity. Throws Error (usage) for a layer or unit that is not there.
std::string explain_text(const Explanation& explanation, const ExplainView& view = {});

/// The whole path of one parameter, "W2[3,1]" or "b1[2]", in each step: its update, what that is made of, and so on
/// down to the inputs; every factor of the chain rule is a line of its own. Also for any other number by its name.
/// Throws Error (usage) for a name that is none.
std::string explain_path(const Explanation& explanation, const std::string& name, const ExplainView& view = {});

}  // namespace chainrule
#pragma GCC visibility pop
