# cmake -DWAY=find_package|add_subdirectory -DSOURCE=... -DBUILD=... -DSCRATCH=... -DTYPE=... -DWERROR=... [-DPROGRAM=...] -P try.cmake
# Builds and runs the consumer project. For find_package the library in BUILD is installed under SCRATCH first.
file(REMOVE_RECURSE ${SCRATCH})

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(REPLACE ";" " " command "${ARGV}")
    message(FATAL_ERROR "${command}\n${output}exit status: ${result}")
  endif()
endfunction()

if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix)
  set(options -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix)
else()
  # As BUILD is built: then ccache has its objects already.
  set(options -DCHAINRULE_SOURCE=${SOURCE} -DCMAKE_BUILD_TYPE=${TYPE} -DCHAINRULE_WERROR=${WERROR})
endif()
# The flags carry sanitizers, which a program must share with the library that it links.
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${SCRATCH}/build -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_CXX_FLAGS=${FLAGS} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${options})
run(${CMAKE_COMMAND} --build ${SCRATCH}/build)
run(${SCRATCH}/build/consumer)

# Our flags are ours: the consumer's own file is compiled without them.
file(READ ${SCRATCH}/build/compile_commands.json commands)
string(JSON count LENGTH "${commands}")
math(EXPR last "${count} - 1")
set(seen FALSE)
foreach(i RANGE ${last})
  string(JSON file GET "${commands}" ${i} file)
  string(JSON command GET "${commands}" ${i} command)
  if(file MATCHES "/consumer/main\\.cpp$")
    set(seen TRUE)
    if(command MATCHES "-W[a-z]|-ffp-contract")
      message(FATAL_ERROR "${WAY}: ${file}: expected no flag of ours, found ${command}")
    endif()
  endif()
endforeach()
if(NOT seen)
  message(FATAL_ERROR "${WAY}: main.cpp is not in compile_commands.json")
endif()

if(WAY STREQUAL "find_package")
  foreach(internal elementary.h kernels)
    if(EXISTS ${SCRATCH}/prefix/include/chainrule/${internal})
      message(FATAL_ERROR "installed: chainrule/${internal}, which is internal")
    endif()
  endforeach()
  if(PROGRAM)
    run(${SCRATCH}/prefix/bin/chainrule --version)
  endif()
endif()
