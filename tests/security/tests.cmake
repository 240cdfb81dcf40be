# The list of parts. Both builds compared: ./dev reproducible.
if(TARGET bulkhead)
  add_test(NAME security.sbom COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/sbom_test.py $<TARGET_FILE:bulkhead>)
  set_tests_properties(security.sbom PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_SHORT_TEST})
endif()
