// Blocks as values, and their form as elements of the kernel's sets (rules/nft/block_sets.h).
//
// flow     both directions of one five-tuple; for protocols without ports, of source, destination, protocol
// pair     every packet from source to destination
// source   every packet from source
//
// Comment  each element carries "sid=2001219 ttl=300 reason=..." in its user data, so that a restart knows
//          why it is there; the second direction of a flow carries "reply" first.
// Thread   pure functions. Limits  a reason of more than 200 bytes is cut.
// Tests    tests/unit/rules/block/block_list_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/flow_key.h"
#include "rules/nft/block_sets.h"

namespace bulkhead::rules {

enum class BlockKind : std::uint8_t { kFlow, kPair, kSource };
[[nodiscard]] const char* to_string(BlockKind kind);

struct Block {
  BlockKind kind = BlockKind::kFlow;
  FlowTuple tuple;  // pair: addresses only; source: source only
  std::chrono::seconds ttl{300};
  std::string reason;
  std::uint32_t sid = 0;  // signature that asked for it; 0: an operator or a detector

  // "flow tcp 10.0.0.4:40000 -> 10.0.0.3:80", "pair 10.0.0.4 -> 10.0.0.3", "source 10.0.0.4".
  [[nodiscard]] std::string to_string() const;
  // The same packets: kind and tuple.
  [[nodiscard]] bool same_target(const Block& other) const;
  // The fields that the kind does not use, set to zero.
  [[nodiscard]] FlowTuple target() const;
};

struct ActiveBlock {
  Block block;
  std::chrono::milliseconds expires_in{0};
};

// The set that a block belongs to and its elements: one, or two for a flow.
struct BlockElements {
  std::string set;
  std::vector<NftElement> elements;
};
[[nodiscard]] BlockElements block_elements(const Block& block);
// nullopt: the second direction of a flow, or no element of ours.
[[nodiscard]] std::optional<ActiveBlock> block_of_element(IpFamily version, BlockSetKind kind,
                                                          const NftElement& element);

}  // namespace bulkhead::rules
