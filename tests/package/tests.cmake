# The package that cpack makes of this build; with sanitizers there is none.
if(NOT BULKHEAD_SANITIZE)
  add_test(NAME package.deb
    COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/package/package_test.py ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
  set_tests_properties(package.deb PROPERTIES LABELS package TIMEOUT 300 SKIP_RETURN_CODE 77)
endif()
# The manifests for Kubernetes.
add_test(NAME package.kubernetes
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/package/kubernetes_test.py $<TARGET_FILE:bulkhead> ${CMAKE_SOURCE_DIR})
set_tests_properties(package.kubernetes PROPERTIES LABELS package TIMEOUT 60)
