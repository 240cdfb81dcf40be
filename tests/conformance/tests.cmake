# Skipped where the suite is not at hand (BULKHEAD_TEST_DATA).
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
if(TARGET bulkhead)
  add_test(NAME conformance COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(conformance PROPERTIES LABELS differential TIMEOUT ${BULKHEAD_LONG_TEST} SKIP_RETURN_CODE 77)
endif()
