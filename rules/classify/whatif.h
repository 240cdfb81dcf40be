// What a change of policies would do to the flows of a capture.
//
// Thread   control thread. Out  changes sorted by workloads; flows with the same verdict are only counted.
// Tests    tests/unit/rules/classify/whatif_test.cpp, tests/policy/captures.py
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/classify/classifier.h"
#include "rules/classify/flow_edges.h"

namespace bulkhead::rules {

struct VerdictChange {
  std::string from, to;  // workloads, nodes, hosts or addresses
  std::string port;      // "tcp/6379", "icmp/8.0"
  std::uint64_t flows = 0;
  bool now_allowed = false;
  std::uint32_t rule = kNone;  // that decides now, in the new table; kNone: open

  auto operator<=>(const VerdictChange&) const = default;
};

struct WhatIf {
  std::vector<VerdictChange> changes;  // newly denied first, then by ends and port
  std::uint64_t flows = 0, newly_denied = 0, newly_allowed = 0;

  [[nodiscard]] std::string to_string(const PolicyTable& now) const;
};

[[nodiscard]] WhatIf compare(const Classifier& before, const Classifier& now, const FlowEdgeTable& edges);

}  // namespace bulkhead::rules
