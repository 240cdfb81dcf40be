// The learned baseline as policies: native documents or Kubernetes NetworkPolicy manifests, each rule with its
// evidence.
//
//   edges that were learned -> by server workload -> one policy with the clients it is known to have
//
// Names    clients and servers are what the behaviour engine calls them (owner_of() in behaviour_thread.h); "outside"
// is
//          every address. What cannot be said as a policy (a server outside, a workload without labels in a manifest)
//          stands at the end as a comment.
// Thread   pure. Tests  tests/unit/config/daemon/baseline_policy_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/discovery/inventory.h"

namespace bulkhead::config {

struct BaselineEdge {
  std::string client, server;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
  std::uint64_t flows = 0;
  unsigned windows = 0;
  std::string first, last;  // times
};

enum class BaselineFormat : std::uint8_t { kNative, kNetworkPolicy };

[[nodiscard]] std::string baseline_policies(const std::vector<BaselineEdge>& edges, const rules::Inventory& inventory,
                                            BaselineFormat format);

}  // namespace bulkhead::config
