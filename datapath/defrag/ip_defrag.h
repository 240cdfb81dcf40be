// Puts IPv4 and IPv6 fragments back together (RFC 791 3.2, 8200 4.5, 5722).
//
// Thread   one worker; no locks.
// In       views with is_fragment, in arrival order, with packet time.
// Out      the whole datagram, IP header first, in a buffer of the defragmenter: valid until the next call.
// Overlap  by OverlapPolicy of the destination address; IPv6 overlaps raise ipv6.frag_overlap.
// Limits   max_trackers, max_fragments per datagram, 65,535 bytes a datagram, timeout; beyond: counted, dropped.
// Errors   DecodeEvent names frag.*; never throws.
// Tests    tests/unit/datapath/defrag/, tests/fuzz/fuzz_defrag.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/decode/packet_view.h"

namespace bulkhead::defrag {

enum class FragmentPolicy : std::uint8_t { kFirst, kLast, kBsd, kBsdRight, kLinux, kWindows, kSolaris };

struct DefragSettings {
  std::uint32_t max_trackers = 65535;
  std::uint32_t max_fragments = 65535;  // over all trackers
  std::chrono::seconds timeout{60};
  std::uint64_t memcap_bytes = 32ULL << 20;
  std::vector<std::pair<IpPrefix, FragmentPolicy>> host_policy;
  FragmentPolicy default_policy = FragmentPolicy::kWindows;
};

struct DefragCounters {
  Counter ipv4_fragments, ipv4_reassembled, ipv4_timeouts, ipv6_fragments, ipv6_reassembled, ipv6_timeouts,
      max_trackers_hit, memcap_hit, max_fragments_hit;
};

struct DefragResult {
  ByteSpan datagram;       // empty: not complete yet (or dropped)
  bool no_memory = false;  // the fragment was left out
  decode::DecodeEventList events;
};

class IpDefrag {
 public:
  explicit IpDefrag(const DefragSettings& settings);
  ~IpDefrag();
  [[nodiscard]] DefragResult insert(const decode::PacketView& fragment, Timestamp now);
  void expire(Timestamp now);
  [[nodiscard]] const DefragCounters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bulkhead::defrag
