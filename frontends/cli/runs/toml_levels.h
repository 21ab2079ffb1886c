// SPDX-License-Identifier: Apache-2.0
// How deep a TOML text nests. The parser does not limit dotted keys, and its tables call themselves for each level when
// they are freed.
#pragma once

#include <cstddef>
#include <string_view>

namespace chainrule::cli {

inline constexpr std::size_t kMaxTomlLevels = 32;

/// The line, from 1, of the first key with more parts, or the first value in more brackets, than kMaxTomlLevels; 0 if
/// there is none. A text that is not TOML gets either.
std::size_t line_of_deep_toml(std::string_view text);

}  // namespace chainrule::cli
