# The books of an overloaded daemon balance to the packet; skipped (77) without root.
add_test(NAME overload.books
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/overload/overload_test.py $<TARGET_FILE:bulkhead>)
set_tests_properties(overload.books PROPERTIES LABELS netns TIMEOUT 180 SKIP_RETURN_CODE 77)
