# SPDX-License-Identifier: Apache-2.0
# Rules of `cmake --install`: the library with its public headers and the files of find_package and pkg-config (component
# `development`), a shared library (`library`), the program with manual pages and completions (`program`).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/chainrule)
get_target_property(chainrule_type chainrule TYPE)

install(TARGETS chainrule EXPORT chainruleTargets
        ARCHIVE COMPONENT development
        LIBRARY COMPONENT library NAMELINK_COMPONENT development
        FILE_SET HEADERS COMPONENT development)
install(EXPORT chainruleTargets NAMESPACE chainrule:: DESTINATION ${package_folder} COMPONENT development)
configure_package_config_file(cmake/chainruleConfig.cmake.in chainruleConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(chainruleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/chainruleConfig.cmake ${PROJECT_BINARY_DIR}/chainruleConfigVersion.cmake
        cmake/Findlibcsv.cmake cmake/Findnettle.cmake DESTINATION ${package_folder} COMPONENT development)

# A static library does not contain its dependencies, so `pkg-config --libs` must list them with and without --static. A
# shared library finds them by itself.
set(pc_requires)
set(pc_libraries)
if(chainrule_type STREQUAL "STATIC_LIBRARY")
  set(pc_requires fmt zlib nettle libhwy)
  set(pc_libraries " -lcsv -pthread")
endif()
list(JOIN pc_requires ", " pc_requires)
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})
configure_file(cmake/chainrule.pc.in chainrule.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/chainrule.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

install(FILES LICENSE docs/third-party-licenses.md docs/abi.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

if(TARGET chainrule_cli)
  install(TARGETS chainrule_cli COMPONENT program)

  # The built program writes its manual pages and completions, if this machine can run it. A program with a sanitizer may
  # fail at random (see ./test) and is not meant to be installed.
  if(NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    set(pages ${PROJECT_BINARY_DIR}/share)
    add_custom_command(TARGET chainrule_cli POST_BUILD VERBATIM
                       COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:chainrule_cli> -DFOLDER=${pages}
                               -P ${PROJECT_SOURCE_DIR}/cmake/write_pages.cmake)
    install(DIRECTORY ${pages}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
    install(DIRECTORY ${pages}/bash-completion ${pages}/zsh ${pages}/fish DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT program)
  endif()
endif()
