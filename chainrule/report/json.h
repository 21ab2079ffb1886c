// SPDX-License-Identifier: Apache-2.0
// Shared by the command line's JSON documents: infinities and NaN become null, text becomes valid UTF-8.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "chainrule/metrics/metrics.h"

namespace chainrule {

using Json = nlohmann::ordered_json;

Json json_number(double value);
/// {"value", "low", "high", `trivial`}, where `trivial` is the baseline; and "undefined" with the reason if there is no
/// value.
Json estimate_object(const Estimate& estimate);
/// Such an object for each metric, by name.
Json estimates_object(const Estimates& estimates);
/// On one line. Bytes that are not UTF-8, which JSON requires, become U+FFFD.
std::string line_text(const Json& document);
/// Indented, with a newline at the end.
std::string document_text(const Json& document);

}  // namespace chainrule
