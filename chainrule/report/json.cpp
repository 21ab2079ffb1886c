// SPDX-License-Identifier: Apache-2.0
#include "chainrule/report/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace chainrule {

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json estimate_object(const Estimate& estimate) {
  Json object = {{"value", json_number(estimate.value)},
                 {"low", json_number(estimate.low)},
                 {"high", json_number(estimate.high)},
                 {"trivial", json_number(estimate.baseline)}};
  if (!estimate.undefined.empty()) object["undefined"] = estimate.undefined;
  return object;
}

Json estimates_object(const Estimates& estimates) {
  Json object = Json::object();
  for (const Estimate& estimate : estimates.metrics) object[estimate.name] = estimate_object(estimate);
  return object;
}

std::string line_text(const Json& document) { return document.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string document_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace chainrule
