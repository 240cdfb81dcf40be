# What TLS and SSH records say against what tshark reads (skipped where it is not installed); more captures:
# tls_fields.py --captures DIR.
if(NOT TARGET bulkhead)
  return()
endif()
add_test(NAME differential.tls_fields
  COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/tls_fields.py --bulkhead $<TARGET_FILE:bulkhead>)
set_tests_properties(differential.tls_fields PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
