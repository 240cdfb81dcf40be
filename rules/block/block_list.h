// Blocks as values, and their form as elements of the kernel's sets (rules/nft/block_sets.h).
//
// flow     both directions of one five-tuple; for protocols without ports, of source, destination, protocol
// pair     every packet from source to destination
// source   every packet from source
// limit    the packets from source beyond a rate
//
// Comment  each element carries "sid=2001219 ttl=300 at=1795838100 strike=2 reason=..." in its user data: a restart
//          knows why it is there, `bulkhead undo` which are the last. The second direction of a flow has "reply" first.
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

enum class BlockKind : std::uint8_t { kFlow, kPair, kSource, kLimit };
[[nodiscard]] const char* to_string(BlockKind kind);

struct Block {
  BlockKind kind = BlockKind::kFlow;
  FlowTuple tuple;  // pair: addresses only; source, limit: source only
  std::chrono::seconds ttl{300};
  std::string reason;
  std::uint32_t sid = 0;     // signature that asked for it; 0: an operator or a detector
  std::uint32_t strike = 0;  // of the response's ladder; 0: not by it
  std::int64_t made_at = 0;  // second since 1970; 0: not known

  // "flow tcp 10.0.0.4:40000 -> 10.0.0.3:80", "pair 10.0.0.4 -> 10.0.0.3", "source 10.0.0.4".
  [[nodiscard]] std::string to_string() const;
  // Of everything that its source sends.
  [[nodiscard]] bool is_of_source() const { return kind == BlockKind::kSource || kind == BlockKind::kLimit; }
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
