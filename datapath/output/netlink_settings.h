// What the operator sets about netlink multicast.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::output {

struct NetlinkSettings {
  std::uint32_t group = 27;  // multicast group of NETLINK_USERSOCK, 1 to 32; shared with all programs of the node
  bool alerts = true;
  bool blocks = true;
  std::size_t send_buffer_bytes = 1 << 20;
};

}  // namespace bulkhead::output
