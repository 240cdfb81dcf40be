// What differs between two inventories, when it is labels alone: then Relabel has it in force without a full load.
//
// Thread   pure functions.
// Limits   `most` workloads; more are a full load.
// Tests    tests/unit/rules/reconcile/label_changes_test.cpp
#pragma once

#include <optional>
#include <vector>

#include "rules/discovery/inventory.h"

namespace bulkhead::rules {

// Everything but labels (its own and its namespace's) is equal; places in files do not count.
[[nodiscard]] bool same_but_labels(const Workload& a, const Workload& b);

// The workloads of `after` whose labels are others; none when everything is equal. nullopt: something else differs, or
// more than `most` workloads.
[[nodiscard]] std::optional<std::vector<Workload>> label_changes(const Inventory& before, const Inventory& after,
                                                                 std::size_t most);

}  // namespace bulkhead::rules
