// Sets of numbers or addresses as sorted lists of ranges, both ends included.
//
// Thread   plain functions on values.
// T        has members first and last, ordered; RangeTraits<T> gives the neighbours of an end.
// Tests    tests/unit/signatures/compile/range_list_test.cpp
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

template <typename T>
struct RangeTraits;

template <>
struct RangeTraits<PortRange> {
  // The ranges overlap or touch; `next` does not begin before `range`.
  static bool joins(const PortRange& range, const PortRange& next) {
    return range.last == 65535 || next.first <= range.last + 1;
  }
  static std::uint16_t next(std::uint16_t port) { return static_cast<std::uint16_t>(port + 1); }
  static std::uint16_t previous(std::uint16_t port) { return static_cast<std::uint16_t>(port - 1); }
};

template <>
struct RangeTraits<IpRange> {
  static bool joins(const IpRange& range, const IpRange& next) {
    if (range.first.family() != next.first.family()) return false;
    return range.last.is_last() || next.first <= range.last.next();
  }
  static IpAddress next(const IpAddress& address) { return address.next(); }
  static IpAddress previous(const IpAddress& address) { return address.previous(); }
};

// Sorts, and joins ranges that overlap or touch.
template <typename T>
[[nodiscard]] std::vector<T> merge_ranges(std::vector<T> ranges) {
  using Traits = RangeTraits<T>;
  std::sort(ranges.begin(), ranges.end(), [](const T& a, const T& b) { return a.first < b.first; });
  std::vector<T> merged;
  for (const T& range : ranges) {
    if (merged.empty() || !Traits::joins(merged.back(), range)) {
      merged.push_back(range);
    } else if (merged.back().last < range.last) {
      merged.back().last = range.last;
    }
  }
  return merged;
}

// What of `from` is not in `holes`; both merged.
template <typename T>
[[nodiscard]] std::vector<T> subtract_ranges(const std::vector<T>& from, const std::vector<T>& holes) {
  using Traits = RangeTraits<T>;
  std::vector<T> left;
  std::size_t skip = 0;
  for (T rest : from) {
    while (skip < holes.size() && holes[skip].last < rest.first) ++skip;
    bool used_up = false;
    for (std::size_t i = skip; i < holes.size() && holes[i].first <= rest.last; ++i) {
      if (rest.first < holes[i].first) left.push_back({rest.first, Traits::previous(holes[i].first)});
      used_up = !(holes[i].last < rest.last);
      if (used_up) break;
      rest.first = Traits::next(holes[i].last);
    }
    if (!used_up) left.push_back(rest);
  }
  return left;
}

}  // namespace bulkhead::signatures
