# The guides are executed; those with a lab need root, nginx and redis, and say so where they are skipped.
foreach(guide README operator operator.zh policies signatures performance README.zh)
  set(guide_file ${CMAKE_SOURCE_DIR}/config/guide/${guide}.md)
  if(guide STREQUAL "README")
    set(guide_file ${CMAKE_SOURCE_DIR}/README.md)
  endif()
  set(guide_package "")
  if(guide STREQUAL "README" AND NOT BULKHEAD_SANITIZE)
    set(guide_package --package ${CMAKE_BINARY_DIR})  # its tour begins with the package
  endif()
  add_test(NAME guide.${guide} COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/guide/guide_test.py --bulkhead $<TARGET_FILE:bulkhead>
    ${guide_package} ${guide_file})
  set_tests_properties(guide.${guide} PROPERTIES LABELS guide TIMEOUT ${BULKHEAD_SHORT_TEST} SKIP_RETURN_CODE 77)
endforeach()
