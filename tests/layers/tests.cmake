# The scripts that guard the tree, tested on trees that break the rules, and on this one.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
foreach(script check_includes check_words junit_counts)
  add_test(NAME layers.${script} COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/${script}_test.py)
  set_tests_properties(layers.${script} PROPERTIES LABELS unit TIMEOUT 60)
endforeach()
