// SPDX-License-Identifier: Apache-2.0
// Content whose size a header declares. Internal to formats/.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

#include "chainrule/data/formats/input_stream.h"

namespace chainrule::formats {

/// Checks, before `in` is read into memory, that this much memory can be had and that a gzip file has what its header
/// declares: one that unpacks to far more than its own size is unpacked twice, the first time without keeping anything.
/// `read_header` moves a second stream of the file behind the header; `look` sees the blocks of the content, whose
/// first byte has the index given. Throws Error (input) as read_declared() does, and if the address space is too small.
void check_declared(const InputStream& in, std::size_t declared, std::string_view what,
                    const std::function<void(InputStream&)>& read_header,
                    const std::function<void(std::size_t first, std::span<const std::uint8_t> bytes)>& look = {});

}  // namespace chainrule::formats
