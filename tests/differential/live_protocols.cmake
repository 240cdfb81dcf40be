# Real servers in a network namespace, beside tshark (root; skipped where none is installed).
if(TARGET bulkhead)
  add_test(NAME differential.live_protocols
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/live_protocols.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(differential.live_protocols PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
endif()
