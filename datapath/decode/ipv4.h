// IPv4 options as the bits of PacketView::ip_options (RFC 791 3.1; numbers from the IANA list of IP options).
//
// Tests    tests/unit/datapath/decode/decoder_test.cpp
#pragma once

#include <cstdint>

namespace bulkhead::decode {

enum class IpOption : std::uint16_t {
  kEndOfList = 1 << 0,
  kNop = 1 << 1,
  kRecordRoute = 1 << 2,
  kTimestamp = 1 << 3,
  kSecurity = 1 << 4,
  kLooseSourceRoute = 1 << 5,
  kExtendedSecurity = 1 << 6,
  kCommercialSecurity = 1 << 7,  // CIPSO
  kStreamId = 1 << 8,
  kStrictSourceRoute = 1 << 9,
  kRouterAlert = 1 << 10,
  kQuickStart = 1 << 11,
};

[[nodiscard]] constexpr std::uint16_t bit(IpOption option) {
  return static_cast<std::uint16_t>(option);
}

}  // namespace bulkhead::decode
