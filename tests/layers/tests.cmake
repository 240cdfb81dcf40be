# The scripts that guard the tree, tested on trees that break the rules, and on this one.
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
foreach(script check_includes check_words check_test_references junit_counts)
  add_test(NAME layers.${script} COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/${script}_test.py)
  set_tests_properties(layers.${script} PROPERTIES LABELS unit TIMEOUT ${BULKHEAD_SHORT_TEST})
endforeach()
