# bulkhead beside a real Docker engine, in namespaces of its own: root only, skipped with a word elsewhere.
if(BULKHEAD_SANITIZE OR NOT TARGET bulkhead)
  return()  # the program that containers run is linked statically
endif()
add_executable(first_packet ${CMAKE_CURRENT_SOURCE_DIR}/docker/first_packet.cpp)
target_compile_features(first_packet PRIVATE cxx_std_20)
target_link_options(first_packet PRIVATE -static)
foreach(case labels_decide_through_every_change metadata_service_is_closed_unless_a_policy_says
    no_packet_leaves_from_the_first_instruction a_careless_container_is_limited_under_an_incident_and_let_go
    a_finding_may_limit_without_an_incident)
  add_test(NAME docker.${case}
    COMMAND unshare -n -m ${CMAKE_CURRENT_SOURCE_DIR}/docker/docker_test.py $<TARGET_FILE:bulkhead>
      $<TARGET_FILE:first_packet> ${CMAKE_CURRENT_BINARY_DIR}/docker Docker.test_${case})
  set_tests_properties(docker.${case} PROPERTIES LABELS docker TIMEOUT ${BULKHEAD_LONG_TEST} RUN_SERIAL ON SKIP_RETURN_CODE 77)
endforeach()
