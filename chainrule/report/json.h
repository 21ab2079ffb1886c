// SPDX-License-Identifier: Apache-2.0
// Shared by the command line's JSON documents: infinities and NaN become null, text becomes valid UTF-8.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "chainrule/metrics/metrics.h"

namespace chainrule {

using Json = nlohmann::ordered_json;

Json json_number(double value);
/// {"value", "low", "high", `trivial`}, where `trivial` is the baseline; and "undefined" with the reason if there is no
/// value.
Json estimate_object(const Estimate& estimate);
/// Such an object for each metric, by name.
Json estimates_object(const Estimates& estimates);
/// A document from outside. Throws Error (input) that begins with `where`: for a text that is not JSON (with the byte),
/// and for more than 16 levels, `max_values` values or 1,000 members of an object. A value takes at most 150 bytes.
Json json_from_outside(std::string_view text, std::size_t max_values, const std::string& where);
/// On one line. Bytes that are not UTF-8, which JSON requires, become U+FFFD.
std::string line_text(const Json& document);
/// Indented, with a newline at the end.
std::string document_text(const Json& document);

}  // namespace chainrule
