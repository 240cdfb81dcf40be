// Which ICMP types ask and answer one another, so that both directions make one flow
// (RFC 792, 950, 1256; RFC 2710, 4620, 4861, 4443).
//
// Thread   pure functions.
// Tests    tests/unit/datapath/flow/flow_table_test.cpp
#pragma once

#include <cstdint>

namespace bulkhead::flow {

// The asking type of a pair: an echo reply (0) gives echo request (8). Types without partner give themselves.
[[nodiscard]] constexpr std::uint8_t icmp_request_type(bool v6, std::uint8_t type) {
  if (!v6) {
    switch (type) {
      case 0: return 8;    // echo
      case 9: return 10;   // router advertisement, solicitation
      case 14: return 13;  // timestamp
      case 16: return 15;  // information
      case 18: return 17;  // address mask
      default: return type;
    }
  }
  switch (type) {
    case 129: return 128;  // echo
    case 131: return 130;  // multicast listener report, query
    case 134: return 133;  // router advertisement, solicitation
    case 136: return 135;  // neighbour advertisement, solicitation
    case 140: return 139;  // node information
    case 145: return 144;  // home agent address discovery
    case 147: return 146;  // mobile prefix
    default: return type;
  }
}

[[nodiscard]] constexpr bool icmp_type_has_partner(bool v6, std::uint8_t type) {
  if (icmp_request_type(v6, type) != type) return true;
  if (!v6) return type == 8 || type == 10 || type == 13 || type == 15 || type == 17;
  return type == 128 || type == 130 || type == 133 || type == 135 || type == 139 || type == 144 || type == 146;
}

}  // namespace bulkhead::flow
