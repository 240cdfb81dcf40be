# Real connections in network namespaces: root only, skipped with a word elsewhere.
file(GLOB netns_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/netns/*_test.cpp)
add_executable(test_netns_rules ${netns_sources} ${CMAKE_CURRENT_SOURCE_DIR}/netns/net_lab.cpp
  ${CMAKE_CURRENT_SOURCE_DIR}/netns/l2_frames.cpp)
target_link_libraries(test_netns_rules PRIVATE bulkhead_config_load bulkhead_config_sandbox bulkhead_rules_classify bulkhead_rules_nft
  bulkhead_rules_block bulkhead_rules_fast_path bulkhead_rules_reconcile bulkhead_rules_wire bulkhead_decode bulkhead_netlink bulkhead_io bulkhead_test_support GTest::gtest_main
  GTest::gmock)
add_dependencies(test_netns_rules bulkhead)
if(TARGET bulkhead_dpdk_module)
  add_dependencies(test_netns_rules bulkhead_dpdk_module)
endif()
target_compile_definitions(test_netns_rules PRIVATE BULKHEAD_BINARY="$<TARGET_FILE:bulkhead>"
  BULKHEAD_DPDK_MODULE="${CMAKE_BINARY_DIR}/bulkhead_dpdk.so")
gtest_discover_tests(test_netns_rules DISCOVERY_MODE PRE_TEST
  PROPERTIES LABELS netns TIMEOUT ${BULKHEAD_SHORT_TEST} RUN_SERIAL ON)
