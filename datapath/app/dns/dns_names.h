// Numbers of DNS as text: types of records, response codes.
//
// Thread   pure functions.
// Tests    tests/unit/datapath/app/dns/dns_names_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::app::dns {

namespace rrtype {
inline constexpr std::uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kNull = 10, kPtr = 12, kMx = 15, kTxt = 16,
                               kAaaa = 28, kSrv = 33, kOpt = 41, kSshfp = 44;
}

// "A", "TXT"; a number where there is no name.
[[nodiscard]] std::string rrtype_text(std::uint16_t type);
// "" when there is none.
[[nodiscard]] std::string_view rrtype_name(std::uint16_t type);
// "NOERROR", "NXDOMAIN"; a number from 11 on.
[[nodiscard]] std::string rcode_text(std::uint8_t rcode);

}  // namespace bulkhead::app::dns
