# What records say of MQTT, PostgreSQL and HTTP/2 against what tshark says of the same captures (skipped without it).
add_test(NAME differential.message_fields
  COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/message_fields.py --bulkhead $<TARGET_FILE:bulkhead>)
set_tests_properties(differential.message_fields PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
