// SPDX-License-Identifier: Apache-2.0
// What the JSON document and the page of an explanation have in common.
#pragma once

#include <string>

namespace chainrule {
struct Explanation;
}

namespace chainrule::formats {

/// The keys that stand before "steps" (docs/formats.md), each with a comma and a line's end.
std::string explanation_head(const Explanation& explanation);

}  // namespace chainrule::formats
