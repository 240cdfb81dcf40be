# Work must grow with the input, whoever chose it: CPU time at n against 4 n. The sanitizers' own costs say nothing.
if(TARGET bulkhead AND NOT BULKHEAD_SANITIZE)
  add_test(NAME scaling.complexity
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(scaling.complexity PROPERTIES LABELS scaling TIMEOUT ${BULKHEAD_LONG_TEST})
endif()
