# EVE output must not depend on the number of workers.
if(NOT TARGET bulkhead)
  return()
endif()
add_test(NAME differential.workers_identical
  COMMAND ${CMAKE_COMMAND} -E env python3 ${CMAKE_CURRENT_LIST_DIR}/workers_identical.py --bulkhead $<TARGET_FILE:bulkhead>)
set_tests_properties(differential.workers_identical PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_VERY_LONG_TEST})
