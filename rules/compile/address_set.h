// A set of IPv4 and IPv6 addresses as merged, disjoint, non-adjacent, sorted ranges.
//
// Thread   built by one thread, then immutable. contains() does not allocate: one binary search.
// Rules    families are apart: all of IPv4 says nothing of IPv6.
// Tests    tests/unit/rules/compile/address_set_test.cpp (against a bitmap of small spaces)
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "datapath/base/ip_address.h"

namespace bulkhead::rules {

class AddressSet {
 public:
  struct V4Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    auto operator<=>(const V4Range&) const = default;
  };

  AddressSet() = default;
  [[nodiscard]] static AddressSet any();
  [[nodiscard]] static AddressSet of(const std::vector<IpRange>& ranges);

  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] AddressSet unite(const AddressSet& other) const;
  [[nodiscard]] AddressSet without(const AddressSet& other) const;

  [[nodiscard]] const std::vector<V4Range>& v4() const { return v4_; }
  [[nodiscard]] const std::vector<IpRange>& v6() const { return v6_; }
  [[nodiscard]] std::vector<IpRange> ranges() const;  // both families, IPv4 first
  [[nodiscard]] bool empty() const { return v4_.empty() && v6_.empty(); }
  [[nodiscard]] bool all_v4() const { return v4_.size() == 1 && v4_[0].first == 0 && v4_[0].last == UINT32_MAX; }
  [[nodiscard]] bool all_v6() const { return v6_.size() == 1 && v6_[0].first.is_first() && v6_[0].last.is_last(); }
  // At most `at_most` ranges in words.
  [[nodiscard]] std::string to_string(std::size_t at_most = 8) const;
  auto operator<=>(const AddressSet&) const = default;

 private:
  std::vector<V4Range> v4_;
  std::vector<IpRange> v6_;
};

}  // namespace bulkhead::rules
