# What the decoder says of a frame against what Suricata 7 says (skipped where it is not installed).
add_executable(decode_dump ${CMAKE_CURRENT_LIST_DIR}/decode_dump.cpp)
target_link_libraries(decode_dump PRIVATE bulkhead_decode bulkhead_defrag bulkhead_test_support PkgConfig::PCAP)
add_test(NAME differential.decode_events
  COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/decode_events.py --dump $<TARGET_FILE:decode_dump>)
set_tests_properties(differential.decode_events PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
