# Records of protocols and files beside Suricata's on the same captures; the whole set: record_parity.py --all.
if(NOT TARGET bulkhead)
  return()
endif()
add_test(NAME differential.record_parity
  COMMAND ${CMAKE_COMMAND} -E env python3 ${CMAKE_CURRENT_LIST_DIR}/record_parity.py --bulkhead $<TARGET_FILE:bulkhead>)
set_tests_properties(differential.record_parity PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_VERY_LONG_TEST})
