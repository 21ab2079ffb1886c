# SPDX-License-Identifier: Apache-2.0
# cmake -DNAME=explain -DHTML=... -DSTYLE=a.css,b.css -DSCRIPT=a.js,b.js [-DLICENCE=...] -DOUTPUT=... -P embed_page.cmake:
# writes a source with the bytes of a page's files. Several files of a kind are concatenated.
cmake_minimum_required(VERSION 3.25)
set(arrays)
foreach(kind HTML STYLE SCRIPT LICENCE)
  string(REPLACE "," ";" files "${${kind}}")
  set(hex)
  foreach(file IN LISTS files)
    file(READ ${file} more HEX)
    string(APPEND hex "${more}")
  endforeach()
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1
" bytes "${bytes}")
  string(TOLOWER ${kind} name)
  string(APPEND arrays "constexpr unsigned char ${name}[] = {
${bytes}0};

") # the 0 because an array must not be empty
endforeach()
file(WRITE ${OUTPUT} "#include \"chainrule/base/html_page.h\"

namespace chainrule {
namespace {

${arrays}template <std::size_t size>
std::string_view text(const unsigned char (&bytes)[size]) {
  return {reinterpret_cast<const char*>(bytes), size - 1};
}

}  // namespace

PageSources ${NAME}_page_sources();
PageSources ${NAME}_page_sources() { return {text(html), text(style), text(script), text(licence)}; }

}  // namespace chainrule
")
