# Flow records, counters and anomalies beside Suricata's on the same captures; the whole set: flow_parity.py --all.
if(NOT TARGET bulkhead)
  return()
endif()
add_test(NAME differential.flow_parity
  COMMAND ${CMAKE_COMMAND} -E env python3 ${CMAKE_CURRENT_LIST_DIR}/flow_parity.py --bulkhead $<TARGET_FILE:bulkhead>)
set_tests_properties(differential.flow_parity PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_VERY_LONG_TEST})
