#include "signatures/compile/address_index.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace bulkhead::signatures {
namespace {

bool narrow(const AddressSet& set) {
  if (set.any || !set.v6.empty()) return false;
  std::uint64_t count = 0;
  for (const IpRange& r : set.v4) count += std::uint64_t{r.last.v4_host_order()} - r.first.v4_host_order() + 1;
  return count <= kNarrowAddresses;
}

}  // namespace

void AddressIndex::take(const SignatureList& signatures, Side side, std::vector<std::uint32_t>& rules) {
  using Edge = std::tuple<std::uint64_t, bool, std::uint32_t>;  // address, begins here, rule
  std::vector<Edge> edges;
  std::erase_if(rules, [&](std::uint32_t rule) {
    const Signature& s = signatures[rule];
    const AddressSet& set = side == Side::kSource ? s.source : s.destination;
    if (s.bidirectional || !narrow(set)) return false;
    for (const IpRange& r : set.v4) {
      edges.emplace_back(r.first.v4_host_order(), true, rule);
      edges.emplace_back(std::uint64_t{r.last.v4_host_order()} + 1, false, rule);
    }
    ++rule_count_;
    return true;
  });
  std::sort(edges.begin(), edges.end());
  std::set<std::uint32_t> active;
  for (std::size_t i = 0; i < edges.size();) {
    const std::uint64_t at = std::get<0>(edges[i]);
    for (; i < edges.size() && std::get<0>(edges[i]) == at; ++i) {
      const auto& [address, begins, rule] = edges[i];
      begins ? static_cast<void>(active.insert(rule)) : static_cast<void>(active.erase(rule));
    }
    if (at > 0xffffffffU) break;  // the last range reaches the end of the address space
    starts_.push_back(static_cast<std::uint32_t>(at));
    first_.push_back(static_cast<std::uint32_t>(rules_.size()));
    rules_.insert(rules_.end(), active.begin(), active.end());
  }
  if (!starts_.empty()) first_.push_back(static_cast<std::uint32_t>(rules_.size()));
}

std::span<const std::uint32_t> AddressIndex::find(const IpAddress& address) const {
  if (starts_.empty() || !address.is_v4()) return {};
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), address.v4_host_order());
  if (after == starts_.begin()) return {};
  const auto i = static_cast<std::size_t>(after - starts_.begin() - 1);
  return std::span(rules_).subspan(first_[i], first_[i + 1] - first_[i]);
}

}  // namespace bulkhead::signatures
