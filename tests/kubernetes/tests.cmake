# A scripted API server of Kubernetes, TLS and all: root only, skipped with a word elsewhere.
add_test(NAME kubernetes.api_server
  COMMAND unshare -n /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/kubernetes/kubernetes_test.py $<TARGET_FILE:bulkhead>)
set_tests_properties(kubernetes.api_server PROPERTIES LABELS netns TIMEOUT 240 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
