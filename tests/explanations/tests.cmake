# Every pack, detector, finding and diagnostic has its page, in both languages, and what the pages name exists.
add_test(NAME explanations.pages
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/explanations/explanations_test.py $<TARGET_FILE:bulkhead> ${CMAKE_SOURCE_DIR})
set_tests_properties(explanations.pages PROPERTIES LABELS guide TIMEOUT ${BULKHEAD_SHORT_TEST})
