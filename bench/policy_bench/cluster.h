// A cluster of any size as the policies see it: namespaces of 25 applications, each with its policy.
#pragma once

#include <cstdint>
#include <memory>

#include "rules/discovery/inventory.h"
#include "rules/model/policy.h"

namespace bulkhead::bench {

inline constexpr unsigned kAppsPerNamespace = 25;

// Workload `number` of a cluster in which every application has `replicas` of them.
[[nodiscard]] rules::Workload workload(unsigned number, unsigned replicas);
[[nodiscard]] std::shared_ptr<rules::Inventory> inventory(unsigned workloads, unsigned replicas);
// One policy for each application: three ingress rules, two egress rules.
[[nodiscard]] rules::PolicyModel policies(unsigned count);

}  // namespace bulkhead::bench
