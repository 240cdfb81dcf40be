// Rules that name few addresses, found by one of a packet's addresses: lists of bad hosts give thousands of
// rules without payload, of which a packet must not ask each.
//
// Layout   per family disjoint ranges, sorted by their first address, each with its rules.
// Limits   takes only rules whose source (or destination) is at most kNarrowAddresses IPv4 addresses in sum and
//          IPv6 ranges within a /32; the others stay on the caller's list.
// Thread   built on the control thread, immutable afterwards.
// Tests    tests/unit/signatures/compile/address_index_test.cpp
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

inline constexpr std::uint64_t kNarrowAddresses = 1U << 24;

// What one list of rules gives: the groups of a rule set mostly have the same lists, and then share the tables.
class AddressTables {
 public:
  enum class Side : std::uint8_t { kSource, kDestination };

  AddressTables(const SignatureList& signatures, Side side, std::span<const std::uint32_t> rules);
  [[nodiscard]] std::span<const std::uint32_t> find(const IpAddress& address) const {
    if (address.is_v4()) return v4_.find(address.v4_host_order());
    return address.is_v6() ? v6_.find(address) : std::span<const std::uint32_t>{};
  }

 private:
  template <typename Key>
  struct Ranges {
    std::vector<Key> starts;           // range i is [starts[i], starts[i + 1])
    std::vector<std::uint32_t> first;  // its rules: [first[i], first[i + 1])
    std::vector<std::uint32_t> rules;

    [[nodiscard]] std::span<const std::uint32_t> find(const Key& key) const {
      const auto after = std::upper_bound(starts.begin(), starts.end(), key);
      if (after == starts.begin()) return {};
      const auto i = static_cast<std::size_t>(after - starts.begin() - 1);
      return std::span(rules).subspan(first[i], first[i + 1] - first[i]);
    }
  };
  // An end of a rule's range: (address, begins here, rule).
  template <typename Key>
  using Edges = std::vector<std::tuple<Key, bool, std::uint32_t>>;
  template <typename Key>
  static void build(Edges<Key> edges, Ranges<Key>& out);

  Ranges<std::uint32_t> v4_;
  Ranges<IpAddress> v6_;
};

class AddressIndex {
 public:
  [[nodiscard]] std::span<const std::uint32_t> find(const IpAddress& address) const {
    return tables_ ? tables_->find(address) : std::span<const std::uint32_t>{};
  }
  [[nodiscard]] std::size_t rule_count() const { return rule_count_; }

 private:
  friend class AddressIndexBuilder;
  std::shared_ptr<const AddressTables> tables_;  // null: no rules
  std::size_t rule_count_ = 0;
};

// Makes the indexes of all groups of one rule set, which must outlive the builder.
class AddressIndexBuilder {
 public:
  using Side = AddressTables::Side;

  explicit AddressIndexBuilder(const SignatureList& signatures);
  // Moves the rules that can be found by this side from `rules` into the index.
  [[nodiscard]] AddressIndex take(Side side, std::vector<std::uint32_t>& rules);

 private:
  const SignatureList& signatures_;
  std::array<std::vector<bool>, 2> narrow_;  // by side and rule: can be found by it
  std::map<std::pair<Side, std::vector<std::uint32_t>>, std::shared_ptr<const AddressTables>> known_;
};

}  // namespace bulkhead::signatures
