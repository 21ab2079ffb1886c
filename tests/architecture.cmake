# cmake -DROOT=... -P architecture.cmake: reads the sources under ROOT and names, by file and line, what breaks the
# rules of the house: who may include whom (ARCHITECTURE.md), and what the library must not do.
cmake_minimum_required(VERSION 3.25)
get_filename_component(ROOT ${ROOT} ABSOLUTE)

# The floors of the library, lowest first. A file may include what stands on a lower floor, and the headers of its own
# room: the folder, the files joined by + here, and x_more beside x.
set(floors
    "error matrix elementary version side_by_side"
    "random sha256 atomic_file dates scaling"
    "activation table optimizer weights"
    "kernels/"
    "network loss schedule processor"
    "dataset initialize"
    "metrics health trivial_loss"
    "history estimates"
    "train+divergence+watch"
    "encoder+column_type"
    "model"
    "truth fit+options+option_kinds+presets"
    "roundings diagnosis cross_validation"
    "tuning rate_test"
    "explain+derivation"
    "gradient_check"
    "formats/"
    "chainrule")
set(longest 400) # lines per file
# What the library must not do: speak, leave, or look around (words followed by a bracket or <<) ...
set(speaks cout cerr clog printf fprintf vprintf puts fputs putchar perror print println exit _Exit quick_exit abort
           terminate getenv secure_getenv setenv putenv system)
# ... and what gives other bits on other systems: libm (but for what is exact), and the standard library's chance.
set(differs exp exp2 expm1 log log2 log10 log1p pow cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh asinh
            acosh atanh erf erfc tgamma lgamma expf logf powf sinf cosf tanhf shuffle sample random_device mt19937
            mt19937_64 normal_distribution uniform_real_distribution uniform_int_distribution)
list(JOIN speaks "|" speaks)
list(JOIN differs "|" differs)

set_property(GLOBAL PROPERTY violations 0)
macro(violation text)
  message("${file}:${line}: ${text}")
  get_property(before GLOBAL PROPERTY violations)
  math(EXPR after "${before} + 1")
  set_property(GLOBAL PROPERTY violations ${after})
endmacro()

# "chainrule/formats/csv.cpp": number of its floor, or -1, and its room, "formats/".
function(place_of path floor room)
  string(REGEX REPLACE "^chainrule/|\\.(h|cpp)$" "" stem ${path})
  string(REGEX REPLACE "/.*" "/" stem ${stem})
  set(number 0)
  foreach(rooms IN LISTS floors)
    string(REPLACE " " ";" rooms "${rooms}")
    foreach(names IN LISTS rooms)
      string(REPLACE "+" "|" pattern "${names}")
      if(stem MATCHES "^(${pattern})(_.*)?$")
        set(${floor} ${number} PARENT_SCOPE)
        set(${room} ${names} PARENT_SCOPE)
        return()
      endif()
    endforeach()
    math(EXPR number "${number} + 1")
  endforeach()
  set(${floor} -1 PARENT_SCOPE)
  set(${room} ${stem} PARENT_SCOPE)
endfunction()

function(check_library_include included)
  place_of(${file} here room)
  place_of(${included} there room_of_included)
  if(file MATCHES "\\.h$" AND NOT file MATCHES "_(formulas|rules)\\.h$" AND included STREQUAL "chainrule/elementary.h")
    violation("a header includes ${included}: expected .cpp files only")
  elseif(file IN_LIST public AND NOT included IN_LIST public)
    violation("a public header includes ${included}, which chainrule.h does not include")
  elseif(here EQUAL -1 OR room STREQUAL room_of_included)
    return()
  elseif(NOT included MATCHES "^chainrule/")
    violation("includes ${included}: expected a path that begins with chainrule/")
  elseif(there EQUAL -1)
    violation("includes ${included}, which has no floor")
  elseif(NOT there LESS here)
    violation("includes ${included}, which does not stand below it")
  endif()
endfunction()

function(check_include included quoted)
  if(file MATCHES "^chainrule/kernels/" AND included MATCHES "^hwy/")
    return()
  elseif(file MATCHES "^chainrule/" AND (quoted OR included MATCHES "^chainrule/"))
    check_library_include(${included})
  elseif(file MATCHES "^(frontends|bench)/" AND included MATCHES "^chainrule/" AND NOT included IN_LIST public)
    violation("includes ${included}: expected a public header")
  elseif(file MATCHES "^(chainrule|frontends)/.*\\.h$" AND included MATCHES "^nlohmann/" AND NOT included STREQUAL "nlohmann/json_fwd.hpp")
    violation("a header includes ${included}: expected .cpp files only")
  elseif(file MATCHES "^chainrule/" AND included MATCHES "^(CLI/|toml\\+\\+/)")
    violation("includes ${included}: expected in frontends/ only")
  elseif(NOT file MATCHES "^chainrule/kernels/" AND included MATCHES "^hwy/")
    violation("includes ${included}: expected in chainrule/kernels/ only")
  endif()
endfunction()

function(check_line text)
  if(text MATCHES "^ *# *include *([<\"])([^>\"]+)[>\"]")
    string(COMPARE EQUAL "${CMAKE_MATCH_1}" "\"" quoted)
    check_include(${CMAKE_MATCH_2} ${quoted})
    return()
  endif()
  if(NOT file MATCHES "^chainrule/")
    return()
  endif()
  if(NOT text MATCHES "HWY_|_INL_H_" AND text MATCHES "^ *(# *(if|ifdef|ifndef|elif|else))[^a-z]")
    violation("${CMAKE_MATCH_1}: expected no choice by the preprocessor but a pair of files")
  endif()
  if(text MATCHES "${speaks}|${differs}" AND NOT (file STREQUAL "chainrule/kernels/simd.cpp" AND text MATCHES "std::getenv.\"CHAINRULE_TARGET\""))
    string(REGEX REPLACE "\"([^\"/]|/.)*\"|//.*" "" code "${text}")
    if(code MATCHES "(^|[^A-Za-z0-9_.>])(${speaks}) *(\\(|<<)")
      violation("${CMAKE_MATCH_2}: the library does not print, exit or look at the environment")
    elseif(code MATCHES "std::(${differs})[^A-Za-z0-9_]")
      violation("std::${CMAKE_MATCH_1}: not the same bits everywhere, unlike elementary.h and random.h")
    endif()
  endif()
endfunction()

# A header says `#pragma once`, and its .cpp file includes it before any other, which proves that it stands alone.
function(check_header file content)
  if(NOT content MATCHES "#pragma once" AND NOT file MATCHES "-inl\\.h$") # Highway includes those once per target
    violation("expected #pragma once")
  endif()
  string(REGEX REPLACE "\\.h$" ".cpp" source ${file})
  if(EXISTS ${ROOT}/${source})
    file(STRINGS ${ROOT}/${source} first REGEX "^#include" LIMIT_COUNT 1)
    if(NOT first STREQUAL "#include \"${file}\"")
      violation("expected as the first #include of ${source}")
    endif()
  endif()
endfunction()

function(check_file file)
  file(READ ${ROOT}/${file} content)
  # CMake splits a list at ';' except between brackets, and a backslash protects: none of them is looked for below.
  string(REGEX REPLACE "[][;]" " " lines "${content}")
  string(REPLACE "\\" "/" lines "${lines}")
  string(REPLACE "\n" ";" lines "${lines}")
  set(line 0)
  foreach(text IN LISTS lines)
    math(EXPR line "${line} + 1")
    if(line EQUAL 1 AND NOT text STREQUAL "// SPDX-License-Identifier: Apache-2.0")
      violation("expected // SPDX-License-Identifier: Apache-2.0")
    endif()
    if(text MATCHES "#|${speaks}|${differs}")
      check_line("${text}")
    endif()
  endforeach()
  math(EXPR line "${line} - 1")
  if(line GREATER longest)
    violation("the file has ${line} lines: expected at most ${longest}")
  endif()
  set(line 1)
  if(file MATCHES "^chainrule/.*\\.h$")
    check_header(${file} "${content}")
  endif()
  place_of(${file} floor room)
  if(file MATCHES "^chainrule/" AND floor EQUAL -1)
    violation("the file has no floor: give it one in tests/architecture.cmake")
  endif()
endfunction()

# What chainrule.h includes is public.
set(public chainrule/chainrule.h)
file(STRINGS ${ROOT}/chainrule/chainrule.h includes REGEX "^#include \"")
foreach(include IN LISTS includes)
  string(REGEX REPLACE ".*\"(.*)\"" "\\1" include ${include})
  list(APPEND public ${include})
endforeach()

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/chainrule/*.h ${ROOT}/chainrule/*.cpp ${ROOT}/frontends/*.h
     ${ROOT}/frontends/*.cpp ${ROOT}/tests/*.h ${ROOT}/tests/*.cpp ${ROOT}/examples/*.cpp ${ROOT}/bench/*.cpp)
list(LENGTH files count)
foreach(file IN LISTS files)
  check_file(${file})
endforeach()
get_property(violations GLOBAL PROPERTY violations)
if(violations GREATER 0 OR count EQUAL 0)
  message(FATAL_ERROR "${violations} violations in ${count} files")
endif()
message("${count} files, no violation")
