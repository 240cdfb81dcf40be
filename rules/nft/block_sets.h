// The sets that blocks live in, and the chain that looks them up before everything else.
//
//   block4-source   ipv4_addr                                        packets from it are dropped
//   block4-pair     ipv4_addr . ipv4_addr                            source . destination
//   block4-proto    ipv4_addr . ipv4_addr . inet_proto               for protocols without ports
//   block4-flow     ipv4_addr . ipv4_addr . inet_proto . inet_service . inet_service     one direction each
//   block4-ends     ipv4_addr                                        every source that one of the others names
//   block6-...      the same with ipv6_addr
//
// Cost     a packet whose source is not in block4-ends is looked up once, not four times.
//
// Thread   pure functions.
// Limits   settings.block_set_size elements a set; the kernel refuses more with ENFILE.
// Tests    tests/unit/rules/nft/nft_renderer_test.cpp, tests/netns/
#pragma once

#include <string>
#include <vector>

#include "datapath/base/ip_address.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

// Packet mark of the resets that this node sends to the ends of a blocked flow ("bulk").
inline constexpr std::uint32_t kResetMark = 0x62756c6b;

enum class BlockSetKind : std::uint8_t { kSource, kPair, kProtocol, kFlow };
inline constexpr BlockSetKind kBlockSetKinds[] = {BlockSetKind::kSource, BlockSetKind::kPair, BlockSetKind::kProtocol,
                                                  BlockSetKind::kFlow};

[[nodiscard]] std::string block_set_name(IpFamily version, BlockSetKind kind);
[[nodiscard]] std::vector<NftType> block_set_key(IpFamily version, BlockSetKind kind);
// The set of sources that have blocks; without an element there a block does nothing.
[[nodiscard]] std::string block_ends_name(IpFamily version);
// All ten, without elements.
[[nodiscard]] std::vector<NftSet> block_sets(std::uint32_t size);
// The chain "block" that drops what the sets name.
[[nodiscard]] NftChain block_chain(NftFamily family);
// The rules of a base chain that lead there.
[[nodiscard]] std::vector<NftRule> block_entries(NftFamily family);

}  // namespace bulkhead::rules
