// Addresses that this node needs and that nobody may make it block: default gateways and resolvers.
//
// In       the kernel's route tables as /proc/net shows them, and resolv.conf.
// Errors   lines that are not understood are passed over.
// Thread   pure functions.
// Tests    tests/unit/config/daemon/safe_addresses_test.cpp
#pragma once

#include <istream>
#include <vector>

#include "datapath/base/ip_address.h"

namespace bulkhead::config {

// /proc/net/route: gateways of any route, in host byte order as the kernel prints them.
[[nodiscard]] std::vector<IpAddress> gateways4(std::istream& routes);
// /proc/net/ipv6_route
[[nodiscard]] std::vector<IpAddress> gateways6(std::istream& routes);
// resolv.conf: its nameservers.
[[nodiscard]] std::vector<IpAddress> resolvers(std::istream& file);
// Of this node, now.
[[nodiscard]] std::vector<IpAddress> safe_addresses();

}  // namespace bulkhead::config
