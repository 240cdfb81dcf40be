# One file per comparison, so that each can be read alone.
file(GLOB comparisons CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cmake)
list(REMOVE_ITEM comparisons ${CMAKE_CURRENT_LIST_DIR}/tests.cmake)
foreach(comparison IN LISTS comparisons)
  include(${comparison})
endforeach()
