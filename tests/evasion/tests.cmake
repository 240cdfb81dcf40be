# Evasions: what bulkhead finds; beside Suricata 7 where it is installed; and what this machine's Linux reads of them.
add_test(NAME netns.evasion_truth COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/truth.py)
set_tests_properties(netns.evasion_truth PROPERTIES LABELS netns SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_SHORT_TEST})
if(TARGET bulkhead)
  add_test(NAME golden.evasion
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(golden.evasion PROPERTIES LABELS golden TIMEOUT ${BULKHEAD_SHORT_TEST})
  add_test(NAME differential.evasion
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead> --beside)
  set_tests_properties(differential.evasion PROPERTIES LABELS differential SKIP_RETURN_CODE 77
    TIMEOUT ${BULKHEAD_SHORT_TEST})
endif()
