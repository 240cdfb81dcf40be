# The stored corpus of every fuzz target as a test of the normal build: each target is compiled with a
# plain driver that runs every file of tests/fuzz/corpus/<unit>/ once.
function(bulkhead_fuzz_target name)
  cmake_parse_arguments(ARG "" "" "DEPS;FILES" ${ARGN})
  set(here ${CMAKE_SOURCE_DIR}/tests/fuzz)
  list(TRANSFORM ARG_FILES PREPEND ${here}/)
  add_executable(fuzz_regress_${name} ${here}/fuzz_${name}.cpp ${here}/fuzz_driver_main.cpp ${ARG_FILES})
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(fuzz_regress_${name} PRIVATE bulkhead_${dep})
  endforeach()
  target_link_libraries(fuzz_regress_${name} PRIVATE bulkhead_common)
  add_test(NAME fuzz_regress.${name} COMMAND fuzz_regress_${name} ${here}/corpus/${name})
  set_tests_properties(fuzz_regress.${name} PROPERTIES LABELS fuzz-regress TIMEOUT ${BULKHEAD_LONG_TEST})
endfunction()

include(${CMAKE_CURRENT_SOURCE_DIR}/fuzz/targets.cmake)
