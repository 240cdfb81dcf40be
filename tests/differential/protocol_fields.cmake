# Fields of DNS and DHCP beside tshark's reading of the same captures (skipped without tshark or captures).
if(NOT TARGET bulkhead)
  return()
endif()
add_test(NAME differential.protocol_fields
  COMMAND ${CMAKE_COMMAND} -E env python3 ${CMAKE_CURRENT_LIST_DIR}/protocol_fields.py --bulkhead $<TARGET_FILE:bulkhead>)
set_tests_properties(differential.protocol_fields PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
