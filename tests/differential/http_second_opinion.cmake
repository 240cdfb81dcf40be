# libhtp reads HTTP/1 too; it is no part of the program. Debian: libhtp-dev (bookworm-backports).
find_package(PkgConfig QUIET)
pkg_check_modules(HTP QUIET IMPORTED_TARGET htp)
if(NOT HTP_FOUND)
  message(STATUS "no libhtp: no second opinion about HTTP/1")
  return()
endif()
add_executable(http_second_opinion ${CMAKE_CURRENT_LIST_DIR}/http_second_opinion.cpp)
target_link_libraries(http_second_opinion PRIVATE bulkhead_app bulkhead_io bulkhead_decode bulkhead_flow bulkhead_stream
  PkgConfig::HTP)
file(GLOB http_captures CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/golden/http/*/input.pcap)
add_test(NAME differential.http_second_opinion COMMAND http_second_opinion ${http_captures})
set_tests_properties(differential.http_second_opinion PROPERTIES LABELS differential TIMEOUT 300)
