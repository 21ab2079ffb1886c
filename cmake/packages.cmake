# SPDX-License-Identifier: Apache-2.0
# `cpack -G DEB` makes a package of the program, one of the library with its headers, and with BUILD_SHARED_LIBS one of
# the shared library. Configure with the build type Release.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME chainrule)
set(CPACK_PACKAGE_CONTACT "Chainrule <chainrule@example.invalid>" CACHE STRING "Maintainer of the packages, with address")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Fully connected neural networks, trained by backpropagation")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps) # finds the packages of a program's libraries
if(DPKG_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
endif()

set(CPACK_COMPONENTS_ALL development)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libchainrule-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Library and headers of Chainrule, for find_package and pkg-config.")
if(chainrule_type STREQUAL "STATIC_LIBRARY")
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libfmt-dev, zlib1g-dev, nettle-dev, libcsv-dev, libhwy-dev")
else()
  set(shared_package libchainrule${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  list(APPEND CPACK_COMPONENTS_ALL library)
  set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${shared_package})
  set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
  set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "Shared library of Chainrule.")
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${shared_package} (= ${PROJECT_VERSION})")
  install(FILES cmake/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${shared_package} COMPONENT library EXCLUDE_FROM_ALL)
endif()
install(FILES cmake/copyright docs/third-party-licenses.md docs/abi.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libchainrule-dev
        COMPONENT development EXCLUDE_FROM_ALL)

if(TARGET chainrule_cli)
  list(APPEND CPACK_COMPONENTS_ALL program)
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME chainrule)
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
  set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "Command line of Chainrule: train, evaluate, predict, explain.")
  install(FILES cmake/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/chainrule COMPONENT program EXCLUDE_FROM_ALL)
  if(pages) # the folder that Debian's zsh searches
    install(FILES ${pages}/zsh/site-functions/_chainrule DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
            COMPONENT program EXCLUDE_FROM_ALL)
  endif()
endif()
include(CPack)
