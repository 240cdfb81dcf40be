# Faults: a guarded node is broken and held to its promises; all of them: tests/faults/run.py --all.
add_test(NAME golden.faults.table COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --check-table)
set_tests_properties(golden.faults.table PROPERTIES LABELS golden TIMEOUT ${BULKHEAD_SHORT_TEST})
if(TARGET bulkhead)
  add_test(NAME netns.faults COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(netns.faults PROPERTIES LABELS netns SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
endif()
