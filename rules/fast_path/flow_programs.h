// The two programs of the fast path at a port, and what they keep.
//
//   ingress   frame -> key -> flow known, of this epoch, not older than its time? -> out of its port : go on
//   egress    frame with kAdmittedMark, for the MAC of this port -> key -> remember where it goes
//
//   key       port it came in by | destination, source MAC | addresses | ports | protocol
//   flow      port it goes out by | epoch | until (ns of CLOCK_MONOTONIC)
//
// Only TCP and UDP without tags, IPv4 options, fragments and IPv6 extension headers have a key. TCP with SYN, FIN or
// RST is remembered but always takes the usual way, as all does that has no key, no flow, or one that is too old: so
// rules and conntrack see connections begin and end.
//
// Thread   pure functions.
// Bytes    addresses, MACs and ports as on the wire, the rest as the machine has it.
// Source   include/uapi/linux/bpf.h (tcx, bpf_redirect), RFC 791, 8200, 9293
// Tests    tests/netns/fast_path_netns_test.cpp: the programs against flow_key(), the slow, obvious twin
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::rules {

// Of packets that the rules have judged and admitted; one bit, put in by the chain "admit" and taken out at the port.
inline constexpr std::uint32_t kAdmittedMark = 0x08000000;

struct FlowKey4 {
  std::uint32_t port = 0;  // index of the interface
  std::array<Byte, 12> macs{};
  std::array<Byte, 8> addresses{};
  std::array<Byte, 4> ports{};
  std::uint32_t protocol = 0;
};
struct FlowKey6 {
  std::uint32_t port = 0;
  std::array<Byte, 12> macs{};
  std::array<Byte, 32> addresses{};
  std::array<Byte, 4> ports{};
  std::uint32_t protocol = 0;
};
struct FlowEntry {
  std::uint32_t out = 0;  // index of the interface
  std::uint32_t epoch = 0;
  std::uint64_t until = 0;
};
struct PortEntry {
  std::array<Byte, 6> mac{};
  std::array<Byte, 2> unused{};
};
enum class PathCount : std::uint32_t { kPassed, kLearned, kCount };

// Descriptors of the maps.
struct PathMaps {
  int flows4 = -1, flows6 = -1;  // FlowKey -> FlowEntry
  int ports = -1;                // index -> PortEntry; flows go from one of them to another
  int epoch = -1;                // one number
  int counts = -1;               // PathCount -> number, each core its own
};

[[nodiscard]] std::vector<bpf_insn> ingress_program(const PathMaps& maps);
// `lifetime` in ns.
[[nodiscard]] std::vector<bpf_insn> egress_program(const PathMaps& maps, std::uint64_t lifetime);

// The bytes of the key of a frame that came in by `port`: 32 of IPv4, 56 of IPv6. `all`: also of TCP with SYN, FIN or
// RST, as the program at the egress has it.
[[nodiscard]] std::optional<std::vector<Byte>> flow_key(ByteSpan frame, std::uint32_t port, bool all);

}  // namespace bulkhead::rules
