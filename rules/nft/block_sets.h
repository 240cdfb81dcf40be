// The sets that blocks live in, and the chain that looks them up before everything else.
//
//   block4-source   ipv4_addr                                        packets from it are dropped
//   block4-pair     ipv4_addr . ipv4_addr                            source . destination
//   block4-proto    ipv4_addr . ipv4_addr . inet_proto               for protocols without ports
//   block4-flow     ipv4_addr . ipv4_addr . inet_proto . inet_service . inet_service     one direction each
//   block4-limit    ipv4_addr                                        no more of its packets pass than the rate
//   block4-rate     ipv4_addr                                        buckets of those, filled by the packets
//   block4-ends     ipv4_addr                                        every source that one of the others names
//   block6-...      the same with ipv6_addr
//
// Rate     each source has a bucket in each family; one that is not used for a minute is full and goes.
// Cost     a packet whose source is not in block4-ends is looked up once, not five times; while there was no block yet
//          inet has no hook for them at all.
//
// Thread   pure functions.
// Limits   settings.block_set_size elements a set; the kernel refuses more with ENFILE.
// Tests    tests/unit/rules/nft/nft_renderer_test.cpp, tests/netns/
#pragma once

#include <string>
#include <vector>

#include "datapath/base/ip_address.h"
#include "rules/nft/nft_ruleset.h"
#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

// Of the hooks: after defragmentation (-400), before conntrack (-200).
inline constexpr std::int32_t kBlockPriority = -300;

// Packet mark of the resets that this node sends to the ends of a blocked flow ("bulk").
inline constexpr std::uint32_t kResetMark = 0x62756c6b;

// The limit comes last: what is cut takes nothing out of a bucket.
enum class BlockSetKind : std::uint8_t { kSource, kPair, kProtocol, kFlow, kLimit };
inline constexpr BlockSetKind kBlockSetKinds[] = {BlockSetKind::kSource, BlockSetKind::kPair, BlockSetKind::kProtocol,
                                                  BlockSetKind::kFlow, BlockSetKind::kLimit};

[[nodiscard]] std::string block_set_name(IpFamily version, BlockSetKind kind);
[[nodiscard]] std::vector<NftType> block_set_key(IpFamily version, BlockSetKind kind);
// The set of sources that have blocks; without an element there a block does nothing.
[[nodiscard]] std::string block_ends_name(IpFamily version);
// All of them, without elements.
[[nodiscard]] std::vector<NftSet> block_sets(std::uint32_t size);
// The chain "block" that drops what the sets name; of limited sources what is beyond `packets_per_second`.
[[nodiscard]] NftChain block_chain(NftFamily family, std::uint32_t packets_per_second);
// A rule that holds for packets of limited sources.
[[nodiscard]] RuleBuilder limited_source(NftFamily family, IpFamily version);
// The rules of a base chain that lead there.
[[nodiscard]] std::vector<NftRule> block_entries(NftFamily family);
// The base chains of family inet, which are there from the first block on: an empty hook and a lookup cost a small
// packet 3 to 4 %.
[[nodiscard]] std::vector<NftChain> block_hooks();
// Makes them, whether they are there or not: goes with the first block, in its transaction.
void append_block_hooks(NftBatch& batch, const std::string& table);

}  // namespace bulkhead::rules
