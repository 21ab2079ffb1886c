// SPDX-License-Identifier: Apache-2.0
// An explanation as JSON and as a page.
#pragma once

#include <string>

namespace chainrule {
struct Explanation;
}  // namespace chainrule

namespace chainrule::formats {

/// The explanation as one JSON document, all numbers of all steps; docs/formats.md describes it.
std::string explanation_json(const Explanation& explanation);

/// The explanation as one self-contained page: a drawing of the network, every number with its formula, and a table.
/// The page makes no network requests.
std::string explanation_html(const Explanation& explanation);

}  // namespace chainrule::formats
