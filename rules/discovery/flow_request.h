// A flow in the words of people, "shop/web to svc:shop/db on tcp/6379", as what the policies judge.
//
//   end   NAMESPACE/NAME | node:NAME | ext:NAME | svc:NAMESPACE/NAME (destination only) | an IP address
//   port  443 | for ICMP: TYPE or TYPE.CODE | none for protocols without ports
//
// Rules    a service becomes one query for each workload behind it that has the target port; a service that
//          does not serve the port is its own address, which nobody translates.
// Thread   control thread; reads an immutable inventory. Errors  TextProblem with the words at fault.
// Limits   the first address of an end in the family that is asked for; none: no query.
// Tests    tests/unit/rules/discovery/flow_request_test.cpp
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "datapath/base/flow_key.h"
#include "rules/discovery/inventory.h"
#include "rules/model/selector.h"

namespace bulkhead::rules {

struct FlowRequest {
  std::string from;
  std::string to;
  IpFamily family = IpFamily::kV4;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;  // destination
  std::uint16_t source_port = 40000;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
};

// One flow behind every translation.
struct RequestedFlow {
  FlowTuple tuple;
  bool through_service = false;
};

// "TCP", "tcp", "6"; "4" or "6"; "80", "8.0". Answers what is wrong, or nothing.
[[nodiscard]] std::optional<TextProblem> read_flow_words(std::string_view family, std::string_view protocol,
                                                         std::string_view port, FlowRequest& out);
[[nodiscard]] std::variant<std::vector<RequestedFlow>, TextProblem> requested_flows(const Inventory& inventory,
                                                                                    const FlowRequest& request);

}  // namespace bulkhead::rules
