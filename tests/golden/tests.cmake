# One test per folder tests/golden/<area>/<case>/; `run.py --update` stores new results after showing the difference.
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)  # the one that python3-yaml belongs to
if(TARGET bulkhead)
  file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*/*/case.yaml)
  foreach(case IN LISTS cases)
    get_filename_component(folder ${case} DIRECTORY)
    file(RELATIVE_PATH name ${CMAKE_CURRENT_LIST_DIR} ${folder})
    string(REPLACE "/" "." name ${name})
    add_test(NAME golden.${name}
      COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py --bulkhead $<TARGET_FILE:bulkhead> ${folder})
    set_tests_properties(golden.${name} PROPERTIES LABELS golden TIMEOUT ${BULKHEAD_SHORT_TEST})
  endforeach()
endif()
