// Flow limits and timeouts. Units: seconds of packet time; memory in bytes.
#pragma once

#include <chrono>
#include <cstdint>

namespace bulkhead::flow {

struct ProtocolTimeouts {
  std::chrono::seconds fresh{30};  // flow-timeouts.X.new
  std::chrono::seconds established{300};
  std::chrono::seconds closed{0};
  std::chrono::seconds bypassed{100};
};

struct FlowSettings {
  std::uint32_t max_flows = 262144;  // per worker; at the limit the least recently used flow is ended (forced)
  ProtocolTimeouts tcp{std::chrono::seconds(60), std::chrono::seconds(600), std::chrono::seconds(60),
                       std::chrono::seconds(100)};
  ProtocolTimeouts udp{std::chrono::seconds(30), std::chrono::seconds(300), std::chrono::seconds(0),
                       std::chrono::seconds(100)};
  ProtocolTimeouts icmp{std::chrono::seconds(30), std::chrono::seconds(300), std::chrono::seconds(0),
                        std::chrono::seconds(100)};
  ProtocolTimeouts other{std::chrono::seconds(30), std::chrono::seconds(300), std::chrono::seconds(0),
                         std::chrono::seconds(100)};
  bool vlan_in_key = true;          // vlan.use-for-tracking
  bool tunnel_depth_in_key = true;  // decoder.recursion-level.use-for-tracking
  bool icmp_id_in_key = false;      // off as in Suricata: all pings from one host to another are one flow
  std::uint64_t hash_seed = 0x62756c6b68656164ULL;  // --seed; live daemons draw one at start
};

}  // namespace bulkhead::flow
