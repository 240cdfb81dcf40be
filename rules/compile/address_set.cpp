#include "rules/compile/address_set.h"

#include <algorithm>

namespace bulkhead::rules {

namespace {

// Sorts and joins ranges that overlap or touch.
std::vector<IpRange> merged(std::vector<IpRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<IpRange> out;
  for (const IpRange& range : ranges) {
    if (!out.empty() && out.back().first.family() == range.first.family() &&
        (out.back().last.is_last() || range.first <= out.back().last.next())) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

// `from` without `holes`; both merged and of any families.
std::vector<IpRange> subtracted(const std::vector<IpRange>& from, const std::vector<IpRange>& holes) {
  std::vector<IpRange> out;
  auto hole = holes.begin();
  for (IpRange range : from) {
    while (hole != holes.end() && hole->last < range.first) ++hole;
    bool left = true;
    // A hole may reach into the next range: look ahead without losing it.
    for (auto h = hole; left && h != holes.end() && h->first <= range.last; ++h) {
      if (range.first < h->first) out.push_back({range.first, h->first.previous()});
      left = h->last < range.last;
      if (left) range.first = h->last.next();
    }
    if (left) out.push_back(range);
  }
  return out;
}

}  // namespace

AddressSet AddressSet::any() {
  const Byte zero[16] = {};
  const IpAddress v4 = IpAddress::v4(zero);
  const IpAddress v6 = IpAddress::v6(zero);
  return of({{v4, v4.broadcast(0)}, {v6, v6.broadcast(0)}});
}

AddressSet AddressSet::of(const std::vector<IpRange>& ranges) {
  AddressSet out;
  for (const IpRange& range : merged(ranges)) {
    if (range.first.is_v4()) {
      out.v4_.push_back({range.first.v4_host_order(), range.last.v4_host_order()});
    } else {
      out.v6_.push_back(range);
    }
  }
  return out;
}

bool AddressSet::contains(const IpAddress& address) const {
  if (address.is_v4()) {
    const std::uint32_t value = address.v4_host_order();
    const auto after =
        std::upper_bound(v4_.begin(), v4_.end(), value, [](std::uint32_t v, const V4Range& r) { return v < r.first; });
    return after != v4_.begin() && value <= std::prev(after)->last;
  }
  const auto after = std::upper_bound(v6_.begin(), v6_.end(), address,
                                      [](const IpAddress& a, const IpRange& r) { return a < r.first; });
  return after != v6_.begin() && address <= std::prev(after)->last;
}

std::vector<IpRange> AddressSet::ranges() const {
  std::vector<IpRange> out;
  out.reserve(v4_.size() + v6_.size());
  for (const V4Range& range : v4_) out.push_back({IpAddress::v4(range.first), IpAddress::v4(range.last)});
  out.insert(out.end(), v6_.begin(), v6_.end());
  return out;
}

AddressSet AddressSet::unite(const AddressSet& other) const {
  std::vector<IpRange> all = ranges();
  const std::vector<IpRange> more = other.ranges();
  all.insert(all.end(), more.begin(), more.end());
  return of(all);
}

AddressSet AddressSet::without(const AddressSet& other) const {
  return of(subtracted(ranges(), other.ranges()));
}

std::string AddressSet::to_string(std::size_t at_most) const {
  if (all_v4() && all_v6()) return "any";
  std::string out;
  std::size_t printed = 0;
  const std::vector<IpRange> all = ranges();
  for (const IpRange& range : all) {
    if (printed++ == at_most) break;
    if (!out.empty()) out += ", ";
    out += range.first.to_string();
    if (range.first != range.last) out += "-" + range.last.to_string();
  }
  if (all.size() > at_most) out += ", ... " + std::to_string(all.size() - at_most) + " more";
  return out.empty() ? "nothing" : out;
}

}  // namespace bulkhead::rules
