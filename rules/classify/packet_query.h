// Which packets of the pipeline the policies are asked about, and the question.
//
// Judged   the first packet of each flow, and each packet of a protocol without flows. Not inner packets of
//          tunnels (no traffic between workloads) nor ICMP errors (they belong to the flow that they quote).
// Thread   pure functions. Tests  tests/unit/rules/classify/policy_inspector_test.cpp
#pragma once

#include "datapath/pipeline/inspector.h"
#include "rules/compile/policy_table.h"

namespace bulkhead::rules {

[[nodiscard]] bool is_judged(const pipeline::InspectContext& context);
[[nodiscard]] FlowQuery query_of(const decode::PacketView& packet);
[[nodiscard]] FlowQuery reversed(const FlowQuery& query);
// A TCP connection picked up in its middle: either end may have opened it.
[[nodiscard]] bool is_midstream(const decode::PacketView& packet);

}  // namespace bulkhead::rules
