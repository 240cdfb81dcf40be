# Signature packs: three generated conversations for each rule, one replay; the table of what is covered.
add_test(NAME golden.packs.coverage COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/coverage.py)
set_tests_properties(golden.packs.coverage PROPERTIES LABELS golden TIMEOUT ${BULKHEAD_SHORT_TEST})
if(TARGET bulkhead)
  add_test(NAME golden.packs.cases
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(golden.packs.cases PROPERTIES LABELS golden TIMEOUT ${BULKHEAD_SHORT_TEST})
endif()
