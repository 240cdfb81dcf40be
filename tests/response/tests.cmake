# The response against the kernel; skipped (77) without root.
foreach(part undo ladder)
  add_test(NAME response.${part}
    COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/response/${part}_test.py $<TARGET_FILE:bulkhead>)
  set_tests_properties(response.${part} PROPERTIES LABELS netns TIMEOUT 120 SKIP_RETURN_CODE 77)
endforeach()
