# Attacks of the lab captures against incidents; skipped where the captures are not at hand.
if(TARGET bulkhead)
  add_test(NAME differential.behaviour
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_SOURCE_DIR}/bench/detect --bulkhead $<TARGET_FILE:bulkhead> --quick)
  set_tests_properties(differential.behaviour PROPERTIES LABELS differential TIMEOUT ${BULKHEAD_LONG_TEST} SKIP_RETURN_CODE 77)
endif()
