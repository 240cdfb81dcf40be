#include "signatures/compile/signature.h"

#include <algorithm>

namespace bulkhead::signatures {

bool AddressSet::contains(const IpAddress& a) const {
  if (any) return true;
  const std::vector<IpRange>& ranges = a.is_v4() ? v4 : v6;
  // The last range that begins at or before the address is the only one that can hold it.
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), a,
                                      [](const IpAddress& x, const IpRange& r) { return x < r.first; });
  return after != ranges.begin() && std::prev(after)->contains(a);
}

bool PortSet::contains(std::uint16_t port) const {
  if (any) return true;
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), port,
                                      [](std::uint16_t p, const PortRange& r) { return p < r.first; });
  return after != ranges.begin() && port <= std::prev(after)->last;
}

}  // namespace bulkhead::signatures
