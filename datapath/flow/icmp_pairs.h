// Which ICMP types ask and answer one another, so that both directions make one flow
// (RFC 792, 950, 1256; RFC 2710, 4620, 4861, 4443).
//
// Thread   pure functions.
// Tests    tests/unit/datapath/flow/flow_table_test.cpp
#pragma once

#include <cstdint>

namespace bulkhead::flow {

inline constexpr std::uint8_t kNoIcmpPartner = 255;  // RFC 4727: reserved for experiments, never paired

// What answers a type, or what it answers: echo request (8) gives echo reply (0) and the other way round.
[[nodiscard]] constexpr std::uint8_t icmp_partner_type(bool v6, std::uint8_t type) {
  if (!v6) {
    switch (type) {
      case 8: return 0;  // echo
      case 0: return 8;
      case 10: return 9;  // router solicitation, advertisement
      case 9: return 10;
      case 13: return 14;  // timestamp
      case 14: return 13;
      case 15: return 16;  // information
      case 16: return 15;
      case 17: return 18;  // address mask
      case 18: return 17;
      default: return kNoIcmpPartner;
    }
  }
  switch (type) {
    case 128: return 129;  // echo
    case 129: return 128;
    case 130: return 131;  // multicast listener query, report
    case 131: return 130;
    case 133: return 134;  // router solicitation, advertisement
    case 134: return 133;
    case 135: return 136;  // neighbour solicitation, advertisement
    case 136: return 135;
    case 139: return 140;  // node information
    case 140: return 139;
    case 144: return 145;  // home agent address discovery
    case 145: return 144;
    case 146: return 147;  // mobile prefix
    case 147: return 146;
    default: return kNoIcmpPartner;
  }
}

}  // namespace bulkhead::flow
