// SPDX-License-Identifier: Apache-2.0
// Text columns whose texts are numbers in another notation: reads them where that is certain. Internal to formats/.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/loaders.h"
#include "chainrule/data/table.h"

namespace chainrule::formats {

/// Makes text column `index` one of numbers if one notation reads all of its texts, and notes it; sets column.readings
/// if several do. With options.bad_fields_missing, or if the rules say that it has numbers, the other texts count as
/// missing. A target keeps its spellings beside its numbers: they may be labels.
void read_otherwise_written(Table& table, std::size_t index, const ColumnRules& rules, const LoadOptions& options,
                            bool is_target);

/// `count` texts of a column count as missing, `first` among them.
Note replaced_note(const Table& table, std::size_t index, std::uint64_t count, const Sighting& first);

}  // namespace chainrule::formats
