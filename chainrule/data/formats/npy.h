// SPDX-License-Identifier: Apache-2.0
// The header of an NPY file. Internal to formats/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/formats/input_stream.h"

namespace chainrule::formats {

struct NpyHeader {
  char kind = 0;              ///< 'b' boolean, 'u' unsigned integer, 'i' signed integer, 'f' floating point
  std::size_t item_size = 0;  ///< bytes: 1 for b; 1, 2, 4, 8 for u and i; 4, 8 for f
  bool big_endian = false;
  bool column_major = false;  ///< "fortran_order": the first index runs fastest
  std::vector<std::size_t> shape;
};

/// Reads the header of `in`, versions 1 to 3. Throws Error (input) for anything but plain numbers. Parses the
/// dictionary of the header as text; nothing in it is evaluated.
NpyHeader read_npy_header(InputStream& in);

}  // namespace chainrule::formats
