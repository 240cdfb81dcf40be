// The ports of an inventory that can be guarded now: those whose interface is in this network namespace.
//
// Thread   pure function.
// Tests    tests/unit/rules/nft/l2_guard_renderer_test.cpp
#pragma once

#include <vector>

#include "rules/discovery/inventory.h"
#include "rules/discovery/link_table.h"
#include "rules/nft/l2_guard_renderer.h"

namespace bulkhead::rules {

[[nodiscard]] std::vector<GuardPort> guard_ports(const Inventory& inventory, const LinkTable& links);

}  // namespace bulkhead::rules
