// Which of two overlapping fragments an operating system keeps, byte by byte.
//
// In       extents of the fragments as they arrived, in bytes from the start of the datagram's payload.
// Source   V. Paxson, U. Shankar, "Active Mapping", 2003; J. Novak, "Target-Based Fragmentation Reassembly", 2005.
// Tests    tests/unit/datapath/defrag/fragment_buffer_test.cpp
#pragma once

#include <cstdint>

#include "datapath/defrag/ip_defrag.h"

namespace bulkhead::defrag {

struct Extent {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const Extent&) const = default;
};

// True when the later fragment `fresh` replaces the bytes it shares with `old`.
[[nodiscard]] constexpr bool fresh_wins(FragmentPolicy policy, Extent old, Extent fresh) {
  switch (policy) {
    case FragmentPolicy::kFirst: return false;
    case FragmentPolicy::kLast: return true;
    case FragmentPolicy::kBsd: return fresh.begin < old.begin;
    case FragmentPolicy::kBsdRight: return fresh.begin >= old.begin;
    case FragmentPolicy::kLinux: return fresh.begin <= old.begin;
    case FragmentPolicy::kWindows: return fresh.begin < old.begin && fresh.end > old.end;
    case FragmentPolicy::kSolaris: return fresh.begin < old.begin && fresh.end >= old.end;
  }
  return false;
}

}  // namespace bulkhead::defrag
