// The nf_tables rules of wires. Sockets read packets before these hooks see them; what the sockets have must not go on
// a second time, and what they do not have must not get lost.
//
//   netdev bulkhead_wire_live   priority 0; belongs to the daemon's socket: the kernel takes it away with the daemon,
//                               however that ends
//       H:  drop                P:  has the mark of a wire: to H   else drop
//   netdev bulkhead_wire        priority 10; stays: what holds without the daemon
//       H:  open: to P, closed: drop                P:  open: to H, closed: drop
//
// Thread   pure functions.
// Tests    tests/unit/rules/wire/wire_rules_test.cpp, tests/netns/wire_netns_test.cpp (root)
#pragma once

#include <cstdint>
#include <string>

#include "datapath/io/packet_wire_settings.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

inline constexpr const char* kWireTable = "bulkhead_wire";
inline constexpr const char* kWireLiveTable = "bulkhead_wire_live";

struct WireRule {
  io::WirePair pair;
  std::string container, bridge;  // names of the interfaces H and P
  bool closed = false;
};

// Both tables, empty or as they are.
[[nodiscard]] NftBatch wire_tables();
[[nodiscard]] NftBatch wire_table_removal();
// Before P takes anything from the bridge: nothing of it reaches the node itself.
[[nodiscard]] NftBatch wire_rules_of_inner(const WireRule& wire, std::uint32_t mark, std::uint32_t mask);
// From here on the sockets carry what comes from the container.
[[nodiscard]] NftBatch wire_rules_of_port(const WireRule& wire);
// The kernel takes over from the sockets what still comes from the bridge, and leaves to the bridge what comes from the
// container.
[[nodiscard]] NftBatch wire_hand_back(const WireRule& wire);
[[nodiscard]] NftBatch wire_removal(std::uint32_t container, bool live);

}  // namespace bulkhead::rules
