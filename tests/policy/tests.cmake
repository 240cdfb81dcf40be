# Policies from files to verdicts. Skipped where the cases are not at hand (BULKHEAD_TEST_DATA).
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
if(TARGET bulkhead)
  foreach(test cases properties captures reference)
    add_test(NAME policy.${test}
      COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/${test}.py --bulkhead $<TARGET_FILE:bulkhead>)
    set_tests_properties(policy.${test} PROPERTIES LABELS differential TIMEOUT ${BULKHEAD_VERY_LONG_TEST} SKIP_RETURN_CODE 77)
  endforeach()
endif()
# The same cases with real connections: root; minutes.
if(TARGET bulkhead)
  add_test(NAME policy.netns_cases COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/netns_cases.py
    --bulkhead $<TARGET_FILE:bulkhead> --every 8)
  set_tests_properties(policy.netns_cases PROPERTIES LABELS netns TIMEOUT ${BULKHEAD_LONG_TEST} SKIP_RETURN_CODE 77 RUN_SERIAL ON)
endif()
