# SMTP and FTP beside tshark (skipped where it is not installed).
if(NOT TARGET bulkhead)
  return()
endif()
add_test(NAME differential.mail_and_files
  COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/mail_and_files.py --bulkhead $<TARGET_FILE:bulkhead>)
set_tests_properties(differential.mail_and_files PROPERTIES LABELS differential SKIP_RETURN_CODE 77 TIMEOUT ${BULKHEAD_LONG_TEST})
