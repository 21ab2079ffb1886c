# cmake -DSOURCE=... -DSCRATCH=... -DCOMPILER=... -P fast_math.cmake
# A parent project's -ffast-math and -Ofast do not reach the library: its files are compiled as without them.
file(REMOVE_RECURSE ${SCRATCH})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${SCRATCH} -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER}
                        -DCHAINRULE_SOURCE=${SOURCE} "-DCMAKE_CXX_FLAGS=-Ofast -ffast-math -funsafe-math-optimizations -ffinite-math-only"
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${output}")
endif()

# macros_of(FILE OUT): the macros that the compiler defines for this file, with the command that Ninja runs.
function(macros_of wanted out)
  file(READ ${SCRATCH}/compile_commands.json commands)
  string(JSON count LENGTH "${commands}")
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON file GET "${commands}" ${i} file)
    if(file MATCHES "${wanted}$")
      string(JSON command GET "${commands}" ${i} command)
      string(REGEX REPLACE " -o .*$" "" command "${command}")
      separate_arguments(command UNIX_COMMAND "${command}")
      execute_process(COMMAND ${command} -dM -E -x c++ /dev/null OUTPUT_VARIABLE macros COMMAND_ERROR_IS_FATAL ANY)
      set(${out} "${macros}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "${wanted} is not in compile_commands.json")
endfunction()

macros_of(/consumer/main.cpp theirs)
if(NOT theirs MATCHES "__FAST_MATH__ 1" OR NOT theirs MATCHES "__FINITE_MATH_ONLY__ 1")
  message(FATAL_ERROR "the flags did not reach the consumer's own file")
endif()
foreach(file /engine/kernels/simd.cpp /engine/network.cpp)
  macros_of(${file} ours)
  if(ours MATCHES "__FAST_MATH__" OR NOT ours MATCHES "__FINITE_MATH_ONLY__ 0")
    message(FATAL_ERROR "${file} is compiled with -ffast-math")
  endif()
endforeach()
