#include "config/metrics/metrics_text.h"

#include <gtest/gtest.h>

namespace bulkhead::config::metrics {
namespace {

TEST(MetricsText, CountersGaugesRulesAndOutputs) {
  if (!has_metrics()) GTEST_SKIP() << "built without prometheus-cpp";
  MetricsInput input;
  input.counters = {{"decoder.pkts", 12},
                    {"flow.active", 3},
                    {"capture.kernel_drops", 1},
                    {"enforce.payments/ingress/2.packets", 7},
                    {"enforce.payments/ingress/2.audit_packets", 2},
                    {"enforce.drift_repaired", 4},
                    {"output.eve.lost", 5},
                    {"output.dropped", 6}};
  input.gauges = {{"generation", 9}};
  input.info = {{"version", "0.1\"0"}};
  const std::string text = metrics_text(input);
  for (const char* line :
       {"bulkhead_decoder_pkts_total 12\n", "# TYPE bulkhead_decoder_pkts_total counter\n",
        "# TYPE bulkhead_flow_active gauge\n", "bulkhead_flow_active 3\n", "bulkhead_capture_kernel_drops_total 1\n",
        "bulkhead_rule_packets_total{rule=\"payments/ingress/2\",audit=\"no\"} 7\n",
        "bulkhead_rule_packets_total{rule=\"payments/ingress/2\",audit=\"yes\"} 2\n",
        "bulkhead_enforce_drift_repaired_total 4\n", "bulkhead_output_lost_total{output=\"eve\"} 5\n",
        "bulkhead_output_dropped_total 6\n", "bulkhead_generation 9\n", "bulkhead_info{version=\"0.1\\\"0\"} 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(MetricsText, TwoNamesThatBecomeOneAreASum) {
  if (!has_metrics()) GTEST_SKIP() << "built without prometheus-cpp";
  MetricsInput input;
  input.counters = {{"a.b-c", 1}, {"a.b_c", 2}};
  EXPECT_NE(metrics_text(input).find("bulkhead_a_b_c_total 3\n"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::config::metrics
