# The page in a real browser, in front of a made-up daemon; skipped (77) where chromium or its driver is missing.
add_test(NAME page.browser COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/page/page_test.py $<TARGET_FILE:bulkhead>)
set_tests_properties(page.browser PROPERTIES LABELS page TIMEOUT ${BULKHEAD_LONG_TEST} SKIP_RETURN_CODE 77)
