// One DHCP or BOOTP message (RFC 2131 2, RFC 2132), taken apart.
//
//    0 op | htype | hlen | hops     16 yiaddr           108 file, 128 bytes
//    4 xid                          20 siaddr           236 magic cookie
//    8 secs | flags                 24 giaddr           240 options: code, length, value ... until 255
//   12 ciaddr                       28 chaddr, 16       44 sname, 64 bytes
//
// Options may run on in `file` and `sname` where option 52 says so.
//
// Thread   value types and pure functions.
// Limits   what is kept is never more than the message.
// Errors   the two faults; whatever came before them is kept. False: too short for a message.
// Tests    tests/unit/datapath/app/dhcp/dhcp_message_test.cpp, tests/fuzz/fuzz_dhcp.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/ip_address.h"

namespace bulkhead::app::dhcp {

inline constexpr std::size_t kOptionsAt = 240;

namespace op {
inline constexpr std::uint8_t kRequest = 1, kReply = 2;
}
namespace message_type {  // option 53
inline constexpr std::uint8_t kAck = 5;
}

struct Message {
  std::uint8_t op = 0;
  bool has_cookie = false;
  std::uint32_t transaction = 0;
  IpAddress client, assigned, next_server, relay;
  std::string hardware_address;
  std::optional<std::uint8_t> type;
  std::optional<std::uint32_t> lease_time, renewal_time, rebinding_time;
  std::optional<IpAddress> requested;
  std::optional<std::string> subnet_mask;  // as text; empty when it has the wrong length
  std::optional<std::vector<IpAddress>> routers, dns_servers;
  std::optional<std::string> host_name, vendor_class, client_id, parameters;  // client_id without its type
  bool truncated_options = false, malformed_options = false;
};

[[nodiscard]] bool read_message(ByteSpan bytes, Message& out);

}  // namespace bulkhead::app::dhcp
