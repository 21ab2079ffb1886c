// SPDX-License-Identifier: Apache-2.0
// The files of a page, embedded when the library was built (cmake/embed_page.cmake), and the page made of them.
#pragma once

#include <string>
#include <string_view>

namespace chainrule {

struct PageSources {
  std::string_view html, style, script, licence;
};

/// The page with this JSON document in it. It may run only its own script and load nothing.
std::string page_with(const PageSources& sources, std::string_view document);

std::string base64(std::string_view bytes);

}  // namespace chainrule
