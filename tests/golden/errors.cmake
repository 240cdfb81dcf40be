# One test per folder tests/golden/errors/<case>/: what the program says about bad input, word for word.
if(TARGET bulkhead)
  file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/errors/*/command)
  foreach(case IN LISTS cases)
    get_filename_component(folder ${case} DIRECTORY)
    get_filename_component(name ${folder} NAME)
    add_test(NAME golden.errors.${name}
      COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/errors/run.py --bulkhead $<TARGET_FILE:bulkhead> ${folder})
    set_tests_properties(golden.errors.${name} PROPERTIES LABELS golden TIMEOUT ${BULKHEAD_SHORT_TEST})
  endforeach()
endif()
