// SPDX-License-Identifier: Apache-2.0
// The update rules by name. They are in optimizer_rules.h.
#include "chainrule/engine/formulas/optimizer.h"

#include "chainrule/base/checks.h"

namespace chainrule {

const std::vector<std::string>& optimizer_names() {
  static const std::vector<std::string> names = {"sgd",     "momentum", "nesterov", "adagrad",
                                                 "rmsprop", "adam",     "adamw",    "rprop"};
  return names;
}

std::string_view optimizer_name(const Optimizer& optimizer) { return optimizer_names()[optimizer.index()]; }

Optimizer optimizer_from_name(std::string_view name) {
  static const std::vector<Optimizer> optimizers = {Sgd{},     Momentum{}, Nesterov{}, Adagrad{},
                                                    RmsProp{}, Adam{},     AdamW{},    Rprop{}};
  return optimizers[index_of_name(name, optimizer_names(), "optimizer")];
}

}  // namespace chainrule
