# Signature packs: three generated conversations for each rule, one replay.
if(TARGET bulkhead)
  add_test(NAME golden.packs.cases
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(golden.packs.cases PROPERTIES LABELS golden TIMEOUT 120)
endif()
