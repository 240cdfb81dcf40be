#include "signatures/compile/address_index.h"

#include <cstring>
#include <set>

namespace bulkhead::signatures {
namespace {

bool narrow(const AddressSet& set) {
  if (set.any) return false;
  std::uint64_t count = 0;
  for (const IpRange& r : set.v4) count += std::uint64_t{r.last.v4_host_order()} - r.first.v4_host_order() + 1;
  return count <= kNarrowAddresses && std::all_of(set.v6.begin(), set.v6.end(), [](const IpRange& r) {
           return std::memcmp(r.first.bytes().data(), r.last.bytes().data(), 4) == 0;
         });
}

}  // namespace

AddressTables::AddressTables(const SignatureList& signatures, Side side, std::span<const std::uint32_t> rules) {
  Edges<std::uint32_t> v4;
  Edges<IpAddress> v6;
  for (const std::uint32_t rule : rules) {
    const AddressSet& set = side == Side::kSource ? signatures[rule].source : signatures[rule].destination;
    // A range that reaches the end of the address space has no end edge.
    for (const IpRange& r : set.v4) {
      v4.emplace_back(r.first.v4_host_order(), true, rule);
      if (!r.last.is_last()) v4.emplace_back(r.last.v4_host_order() + 1, false, rule);
    }
    for (const IpRange& r : set.v6) {
      v6.emplace_back(r.first, true, rule);
      if (!r.last.is_last()) v6.emplace_back(r.last.next(), false, rule);
    }
  }
  build(std::move(v4), v4_);
  build(std::move(v6), v6_);
}

AddressIndexBuilder::AddressIndexBuilder(const SignatureList& signatures) : signatures_(signatures) {
  for (const Signature& s : signatures) {
    narrow_[0].push_back(!s.bidirectional && narrow(s.source));
    narrow_[1].push_back(!s.bidirectional && narrow(s.destination));
  }
}

AddressIndex AddressIndexBuilder::take(Side side, std::vector<std::uint32_t>& rules) {
  const std::vector<bool>& narrow = narrow_[static_cast<std::size_t>(side)];
  const auto others = std::stable_partition(rules.begin(), rules.end(), [&](std::uint32_t r) { return narrow[r]; });
  std::vector<std::uint32_t> taken(rules.begin(), others);
  rules.erase(rules.begin(), others);
  AddressIndex out;
  out.rule_count_ = taken.size();
  if (taken.empty()) return out;
  const auto [at, fresh] = known_.try_emplace({side, std::move(taken)});
  if (fresh) at->second = std::make_shared<const AddressTables>(signatures_, side, at->first.second);
  out.tables_ = at->second;
  return out;
}

// A sweep over the ends: at each address the rules that end there leave, then those that begin come in.
template <typename Key>
void AddressTables::build(Edges<Key> edges, Ranges<Key>& out) {
  std::sort(edges.begin(), edges.end());
  std::set<std::uint32_t> active;
  for (std::size_t i = 0; i < edges.size();) {
    const Key at = std::get<0>(edges[i]);
    for (; i < edges.size() && std::get<0>(edges[i]) == at; ++i) {
      const auto& [address, begins, rule] = edges[i];
      if (begins) {
        active.insert(rule);
      } else {
        active.erase(rule);
      }
    }
    out.starts.push_back(at);
    out.first.push_back(static_cast<std::uint32_t>(out.rules.size()));
    out.rules.insert(out.rules.end(), active.begin(), active.end());
  }
  out.first.push_back(static_cast<std::uint32_t>(out.rules.size()));
}

}  // namespace bulkhead::signatures
