# A real daemon's metrics in a real Prometheus; skipped (77) without root or the package prometheus.
add_test(NAME metrics.prometheus COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/metrics/prometheus_test.py $<TARGET_FILE:bulkhead>)
set_tests_properties(metrics.prometheus PROPERTIES LABELS netns TIMEOUT ${BULKHEAD_LONG_TEST} SKIP_RETURN_CODE 77 RUN_SERIAL ON)
