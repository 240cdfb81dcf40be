// Who wins when two segments bring bytes for the same place, by the receiving host's system.
//
// Thread   pure functions.
// In       the ranges of the segment that is held and of the one that arrives; they overlap.
// Out      whether the overlapped bytes are taken from the arriving segment.
//
//     old            |-------|
//     new        |-------|            begins before
//     new            |-----------|    begins with it
//     new              |---|          lies inside
//
// Source   Novak and Sturges, "Target-Based TCP Stream Reassembly" (2007), 3, as Suricata 7 applies it
//          (measured: all nine ways to overlap, in order and out of order, each policy); it treats
//          bsd-right as bsd.
// Tests    tests/unit/datapath/stream/overlap_policy_test.cpp
#pragma once

#include <cstdint>

#include "datapath/stream/stream_settings.h"

namespace bulkhead::stream {

// Offsets in the stream, end exclusive. Signed: a segment may begin before the stream's first byte.
struct SegmentRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

namespace overlap {

[[nodiscard]] constexpr bool first(SegmentRange, SegmentRange) {
  return false;
}
[[nodiscard]] constexpr bool last(SegmentRange, SegmentRange) {
  return true;
}
[[nodiscard]] constexpr bool bsd(SegmentRange old, SegmentRange fresh) {
  return fresh.begin < old.begin;
}
[[nodiscard]] constexpr bool linux_new(SegmentRange old, SegmentRange fresh) {
  return fresh.begin < old.begin || (fresh.begin == old.begin && fresh.end > old.end);
}
[[nodiscard]] constexpr bool linux_old(SegmentRange old, SegmentRange fresh) {
  return fresh.begin < old.begin || (fresh.begin == old.begin && fresh.end >= old.end);
}
[[nodiscard]] constexpr bool solaris(SegmentRange old, SegmentRange fresh) {
  return fresh.begin <= old.begin ? fresh.end >= old.end : fresh.end > old.end;
}

}  // namespace overlap

[[nodiscard]] constexpr bool new_data_wins(OverlapPolicy policy, SegmentRange old, SegmentRange fresh) {
  switch (policy) {
    case OverlapPolicy::kFirst:
    case OverlapPolicy::kVista: return overlap::first(old, fresh);
    case OverlapPolicy::kLast: return overlap::last(old, fresh);
    case OverlapPolicy::kBsd:
    case OverlapPolicy::kBsdRight:
    case OverlapPolicy::kHpux10:
    case OverlapPolicy::kIrix:
    case OverlapPolicy::kMacos:
    case OverlapPolicy::kWindows:
    case OverlapPolicy::kWindows2k3: return overlap::bsd(old, fresh);
    case OverlapPolicy::kOldLinux: return overlap::linux_old(old, fresh);
    case OverlapPolicy::kLinux: return overlap::linux_new(old, fresh);
    case OverlapPolicy::kSolaris:
    case OverlapPolicy::kOldSolaris:
    case OverlapPolicy::kHpux11: return overlap::solaris(old, fresh);
  }
  return false;
}

}  // namespace bulkhead::stream
