// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/html_page.h"

#include <fmt/format.h>
#include <nettle/base64.h>

#include <span>

#include "chainrule/base/error.h"
#include "chainrule/base/sha256.h"
#include "chainrule/base/text.h"

namespace chainrule {
namespace {

// The hash by which a Content-Security-Policy allows a script or style.
std::string fingerprint(std::string_view text) {
  Sha256 hash;
  hash.add(std::as_bytes(std::span(text)));
  const auto sum = hash.bytes();
  return fmt::format("'sha256-{}'", base64({reinterpret_cast<const char*>(sum.data()), sum.size()}));
}

// "</script>" in a file's labels must not end the script.
std::string without_tags(const std::string& json) {
  std::string text;
  for (const char c : json) text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return text;
}

void put(std::string& page, std::string_view marker, std::string_view content) {
  const std::size_t at = page.find(marker);
  if (at == std::string::npos) throw Error(ErrorCategory::internal, "page: no " + std::string(marker));
  page.replace(at, marker.size(), content);
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  base64_encode_raw(text.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return text;
}

std::string page_with(const PageSources& sources, std::string_view document) {
  std::string page(sources.html);
  put(page, "{policy}",
      fmt::format("default-src 'none'; base-uri 'none'; form-action 'none'; style-src {}; script-src {}",
                  fingerprint(sources.style), fingerprint(sources.script)));
  if (!sources.licence.empty()) put(page, "{licence}", sources.licence);
  put(page, "{style}", sources.style);
  put(page, "{script}", sources.script);
  put(page, "{data}", without_tags(escape_marks(document)));
  return page;
}

}  // namespace chainrule
