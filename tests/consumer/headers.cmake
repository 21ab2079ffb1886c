# cmake -DBUILD=... -DSCRATCH=... -DCOMPILER=... -P headers.cmake: each installed header must compile alone, with
# the warnings that a user may enable.
file(REMOVE_RECURSE ${SCRATCH})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix --component development
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE headers RELATIVE ${SCRATCH}/prefix/include ${SCRATCH}/prefix/include/*.h)
list(LENGTH headers count)
if(count LESS 20)
  message(FATAL_ERROR "installed: ${count} headers")
endif()
set(failed 0)
foreach(header IN LISTS headers)
  file(WRITE ${SCRATCH}/alone.cpp "#include <${header}>\n")
  execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror -I${SCRATCH}/prefix/include
                          ${SCRATCH}/alone.cpp RESULT_VARIABLE result ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message("${header} does not compile alone:\n${output}")
    math(EXPR failed "${failed} + 1")
  endif()
endforeach()
if(failed GREATER 0)
  message(FATAL_ERROR "${failed} of ${count} headers")
endif()
message("${count} headers, each compiles alone")
