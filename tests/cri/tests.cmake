# Pods of a container runtime by CRI: a scripted one, and a real containerd; in namespaces of their own: root only, skipped
# with a word elsewhere.
if(NOT TARGET bulkhead OR NOT (BULKHEAD_GRPC AND TARGET PkgConfig::NGHTTP2))
  return()
endif()
foreach(case scripted containerd)
  add_test(NAME cri.${case}
    COMMAND unshare -n -m /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/cri/${case}_test.py $<TARGET_FILE:bulkhead>
      ${CMAKE_CURRENT_BINARY_DIR}/cri)
  set_tests_properties(cri.${case} PROPERTIES LABELS docker TIMEOUT 240 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
endforeach()
