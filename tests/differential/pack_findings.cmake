# Signature packs over captures of the data directory: no alert on honest traffic.
if(TARGET bulkhead)
  add_test(NAME differential.pack_findings
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/pack_findings.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(differential.pack_findings PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_VERY_LONG_TEST})
endif()
