#include "signatures/compile/signature.h"

#include <algorithm>

namespace bulkhead::signatures {

bool AddressSet::contains(const IpAddress& a) const {
  if (any) return true;
  // The last range that begins at or before the address is the only one that can hold it.
  if (a.is_v4()) {  // asked for most packets and rules: numbers, not bytes
    const std::uint32_t number = a.v4_host_order();
    const auto* const after = std::upper_bound(
        v4.begin(), v4.end(), number, [](std::uint32_t x, const IpRange& r) { return x < r.first.v4_host_order(); });
    return after != v4.begin() && number <= std::prev(after)->last.v4_host_order();
  }
  const auto* const after =
      std::upper_bound(v6.begin(), v6.end(), a, [](const IpAddress& x, const IpRange& r) { return x < r.first; });
  return after != v6.begin() && std::prev(after)->contains(a);
}

bool PortSet::contains(std::uint16_t port) const {
  if (any) return true;
  const auto* const after = std::upper_bound(ranges.begin(), ranges.end(), port,
                                             [](std::uint16_t p, const PortRange& r) { return p < r.first; });
  return after != ranges.begin() && port <= std::prev(after)->last;
}

}  // namespace bulkhead::signatures
