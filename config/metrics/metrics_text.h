// Counters as Prometheus reads them: the engine's by their own names, those of rules and outputs with labels.
//
//   decoder.pkts                     bulkhead_decoder_pkts_total
//   flow.active                      bulkhead_flow_active                       a gauge
//   enforce.payments/ingress/2.packets  bulkhead_rule_packets_total{rule="payments/ingress/2",audit="no"}
//   output.eve.lost                  bulkhead_output_lost_total{output="eve"}
//
// Names    letters, digits and _; two counters that would get one name are one family's sum.
// Thread   any; pure. Without prometheus-cpp the text is empty (has_metrics()).
// Tests    tests/unit/config/metrics/metrics_text_test.cpp, tests/metrics/prometheus_test.py
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "datapath/event/event.h"

namespace bulkhead::config::metrics {

struct MetricsInput {
  event::CounterList counters;                            // dotted names
  std::vector<std::pair<std::string, double>> gauges;     // dotted names
  std::vector<std::pair<std::string, std::string>> info;  // labels of bulkhead_info
};

[[nodiscard]] bool has_metrics();
[[nodiscard]] std::string metrics_text(const MetricsInput& input);
// Whether a counter of the engine goes down too.
[[nodiscard]] bool is_gauge(std::string_view name);

}  // namespace bulkhead::config::metrics
