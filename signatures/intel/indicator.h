// What others say is bad: an address, a network, a name, a fingerprint of TLS clients, the hash of a file.
//
// Thread   value types.
#pragma once

#include <cstdint>
#include <string>

#include "datapath/base/ip_address.h"
#include "datapath/base/timestamp.h"

namespace bulkhead::intel {

enum class IndicatorKind : std::uint8_t { kAddress, kName, kJa3, kJa4, kFileHash };
[[nodiscard]] const char* to_string(IndicatorKind kind);

struct Indicator {
  IndicatorKind kind = IndicatorKind::kAddress;
  IpPrefix network;             // kAddress
  std::string text;             // others: lower case
  std::uint8_t confidence = 0;  // percent
  Timestamp until;              // valid before this; 0: without end
  std::string what;             // "Emotet C2", may be empty
  std::uint32_t feed = 0;       // number of the feed, see IndicatorTable::feed()
};

}  // namespace bulkhead::intel
