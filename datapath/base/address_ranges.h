// Addresses that are not of the world: private and link-local ones (RFC 1918, 4193, 3927, 4291) and those that carriers
// share (RFC 6598). Loopback is not among them.
//
// Thread   pure function. Tests  tests/unit/signatures/behaviour/party_test.cpp,
// tests/unit/config/daemon/live_view_test.cpp
#pragma once

#include <vector>

#include "datapath/base/ip_address.h"

namespace bulkhead {

[[nodiscard]] std::vector<IpPrefix> private_ranges();

}  // namespace bulkhead
