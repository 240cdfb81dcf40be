# Examples for log shippers name fields that exist.
add_test(NAME outputs.shippers COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/outputs/shippers_test.py)
set_tests_properties(outputs.shippers PROPERTIES LABELS unit TIMEOUT 30)
# A real daemon writes to all outputs; skipped (77) without root or Redis.
add_test(NAME outputs.daemon COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/outputs/outputs_test.py $<TARGET_FILE:bulkhead>)
set_tests_properties(outputs.daemon PROPERTIES LABELS netns TIMEOUT 200 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
