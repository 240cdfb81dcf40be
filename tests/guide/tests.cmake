# The guides are executed; those with a lab need root, nginx and redis, and say so where they are skipped.
foreach(guide operator operator.zh policies signatures performance README.zh)
  add_test(NAME guide.${guide} COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/guide/guide_test.py --bulkhead $<TARGET_FILE:bulkhead>
    ${CMAKE_SOURCE_DIR}/config/guide/${guide}.md)
  set_tests_properties(guide.${guide} PROPERTIES LABELS guide TIMEOUT ${BULKHEAD_SHORT_TEST} SKIP_RETURN_CODE 77)
endforeach()
