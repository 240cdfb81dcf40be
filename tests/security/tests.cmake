# The list of parts. Both builds compared: ./dev reproducible.
if(TARGET bulkhead)
  add_test(NAME security.sbom COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/sbom_test.py $<TARGET_FILE:bulkhead>)
  set_tests_properties(security.sbom PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_SHORT_TEST})
endif()
# What the daemon leaves behind, and what of it it believes: root only.
if(TARGET bulkhead)
  add_test(NAME netns.permissions
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/permissions_test.py --bulkhead $<TARGET_FILE:bulkhead>)
  set_tests_properties(netns.permissions PROPERTIES LABELS netns SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
endif()
