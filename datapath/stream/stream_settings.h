// Reassembly settings; names in operators' files in brackets.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "datapath/base/ip_address.h"

namespace bulkhead::stream {

// Which of two different copies of the same bytes the receiving host keeps (Novak and Sturges 2007).
enum class OverlapPolicy : std::uint8_t {
  kFirst,
  kLast,
  kBsd,
  kBsdRight,
  kOldLinux,
  kLinux,
  kSolaris,
  kHpux10,
  kHpux11,
  kIrix,
  kMacos,
  kVista,
  kWindows,
  kWindows2k3,
  kOldSolaris
};

// When reassembled data may be judged.
enum class InspectMoment : std::uint8_t {
  kAcknowledged,  // once the peer has acknowledged it: what the receiver really took (replay default)
  kArrival,       // at once, first copy wins: needed to stop an attack (inline; live tap default)
};

// What becomes of the byte before the urgent pointer (RFC 6093): stacks hand it to the program apart from the others,
// or among them, as the program asks.
enum class UrgentPolicy : std::uint8_t {
  kInline,  // it is a byte like any other
  kDrop,    // inline: the packet is dropped
  kOob,     // it is taken out of the stream
  kGap,     // it is missing in the stream
};

struct StreamSettings {
  InspectMoment inspect_moment = InspectMoment::kAcknowledged;  // [stream.inline]
  bool midstream = false;                                // [stream.midstream] take up connections without handshake
  bool async_oneside = false;                            // [stream.async-oneside]
  std::uint32_t depth_bytes = 1024 * 1024;               // [stream.reassembly.depth] per direction; 0: unlimited
  std::uint64_t session_memcap_bytes = 64ULL << 20;      // [stream.memcap] per worker
  std::uint64_t reassembly_memcap_bytes = 256ULL << 20;  // [stream.reassembly.memcap] per worker
  std::uint32_t look_back_bytes = 4096;                // kept behind the inspection point for rules that span segments
  std::uint32_t max_segments = 4096;                   // out-of-order segments per direction
  std::uint8_t max_synack_queued = 5;                  // [stream.max-synack-queued]
  UrgentPolicy urgent_policy = UrgentPolicy::kInline;  // [stream.reassembly.urgent.policy]
  UrgentPolicy urgent_limit_policy =
      UrgentPolicy::kInline;                            // [...oob-limit-policy] once kUrgentLimit have been taken out
  static constexpr std::uint32_t kUrgentLimit = 65535;  // per direction
  bool judge_copies = false;  // [stream.inline] yes: rules see every copy of the same bytes, as the first one had them
  bool drop_invalid = true;   // [stream.drop-invalid], inline only
  bool bypass =
      false;  // [stream.bypass] flows beyond the depth, and those in which nothing more can be read, are left alone
  // First match decides; IPv4 and IPv6. The shipped default is Windows for all.
  std::vector<std::pair<IpPrefix, OverlapPolicy>> host_os_policy;
  OverlapPolicy default_policy = OverlapPolicy::kWindows;
};

}  // namespace bulkhead::stream
