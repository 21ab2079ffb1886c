// SPDX-License-Identifier: Apache-2.0
// What the JSON documents of the command line have in common: numbers that are not finite are null, text is UTF-8.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "chainrule/metrics/intervals.h"

#pragma GCC visibility push(default)
namespace chainrule {

using Json = nlohmann::ordered_json;

Json json_number(double value);
/// {"value", "low", "high", "trivial"}, and "undefined" where there is a reason for no value.
Json estimate_object(const Estimate& estimate);
/// Such an object for each metric, by name.
Json estimates_object(const Estimates& estimates);
/// On one line. Text from files may be no UTF-8, which JSON must be: what is not becomes U+FFFD.
std::string line_text(const Json& document);
/// For people, too, with a newline at its end.
std::string document_text(const Json& document);

}  // namespace chainrule
#pragma GCC visibility pop
