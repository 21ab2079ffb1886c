// SPDX-License-Identifier: Apache-2.0
// The files of a page as they stood when the library was built (cmake/embed_page.cmake).
#pragma once

#include <string_view>

namespace chainrule::formats {

struct PageSources {
  std::string_view html, style, script;
};

/// Those of formats/explain_page/.
PageSources explain_page_sources();

}  // namespace chainrule::formats
