# What `cmake --install` puts where: the library, its public headers, the program, and what find_package(chainrule)
# reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/chainrule)

install(TARGETS chainrule EXPORT chainruleTargets FILE_SET HEADERS)
install(EXPORT chainruleTargets NAMESPACE chainrule:: DESTINATION ${package_folder})
get_target_property(chainrule_type chainrule TYPE)
configure_package_config_file(cmake/chainruleConfig.cmake.in chainruleConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(chainruleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/chainruleConfig.cmake ${PROJECT_BINARY_DIR}/chainruleConfigVersion.cmake
        cmake/Findlibcsv.cmake DESTINATION ${package_folder})

if(TARGET chainrule_cli)
  install(TARGETS chainrule_cli)
  if(chainrule_type STREQUAL "SHARED_LIBRARY")
    file(RELATIVE_PATH from_program_to_library /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
    set_target_properties(chainrule_cli PROPERTIES INSTALL_RPATH $ORIGIN/${from_program_to_library})
  endif()
endif()
