// Rules that name few addresses, found by one of a packet's addresses: lists of bad hosts give thousands of
// rules without payload, of which a packet must not ask each.
//
// Layout   disjoint IPv4 ranges, sorted by their first address, each with its rules.
// Limits   takes only rules whose source (or else destination) is IPv4 ranges of at most kNarrowAddresses in sum;
//          the others stay on the caller's list.
// Thread   built on the control thread, immutable afterwards.
// Tests    tests/unit/signatures/compile/address_index_test.cpp
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

inline constexpr std::uint64_t kNarrowAddresses = 1U << 16;

class AddressIndex {
 public:
  enum class Side : std::uint8_t { kSource, kDestination };

  // Moves the rules that can be found by this side from `rules` into the index.
  void take(const SignatureList& signatures, Side side, std::vector<std::uint32_t>& rules);
  [[nodiscard]] std::span<const std::uint32_t> find(const IpAddress& address) const;
  [[nodiscard]] bool empty() const { return starts_.empty(); }
  [[nodiscard]] std::size_t rule_count() const { return rule_count_; }

 private:
  std::vector<std::uint32_t> starts_;  // range i is [starts_[i], starts_[i + 1])
  std::vector<std::uint32_t> first_;   // its rules: [first_[i], first_[i + 1]) of rules_
  std::vector<std::uint32_t> rules_;
  std::size_t rule_count_ = 0;
};

}  // namespace bulkhead::signatures
