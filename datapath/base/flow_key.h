// What makes two packets the same flow: addresses, ports, protocol, VLAN tags, tunnel depth.
//
// Order    FlowKey is direction-free: the numerically lower (address, port) end comes first, so that
//          both directions have one key; `FlowTuple` keeps source and destination apart.
// Units    ports in host order; for ICMP echo the identifier stands in both ports; for other ICMP type and code.
// Hash     seeded; not stable across runs unless the seed is fixed (--seed).
// Tests    tests/unit/datapath/base/flow_key_test.cpp
#pragma once

#include <cstdint>
#include <cstring>

#include "datapath/base/ip_address.h"

namespace bulkhead {

// IANA protocol numbers used by name.
namespace ip_proto {
inline constexpr std::uint8_t kHopByHop = 0, kIcmp = 1, kIpip = 4, kTcp = 6, kUdp = 17, kIpv6 = 41, kRouting = 43,
                              kFragment = 44, kGre = 47, kEsp = 50, kAh = 51, kIcmpv6 = 58, kNone = 59,
                              kDestOptions = 60, kSctp = 132;
}  // namespace ip_proto

[[nodiscard]] constexpr bool has_ports(std::uint8_t protocol) {
  return protocol == ip_proto::kTcp || protocol == ip_proto::kUdp || protocol == ip_proto::kSctp;
}

enum class Direction : std::uint8_t { kToServer = 0, kToClient = 1 };
[[nodiscard]] constexpr Direction opposite(Direction d) {
  return d == Direction::kToServer ? Direction::kToClient : Direction::kToServer;
}
[[nodiscard]] constexpr std::size_t index_of(Direction d) {
  return static_cast<std::size_t>(d);
}

// One packet's ends as they stand on the wire.
struct FlowTuple {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;
  auto operator<=>(const FlowTuple&) const = default;
};

struct FlowKey {
  IpAddress low;
  IpAddress high;
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::uint16_t vlan[3] = {0, 0, 0};  // VLAN ids, outermost first; 0: none
  std::uint8_t protocol = 0;
  std::uint8_t tunnel_depth = 0;

  bool operator==(const FlowKey&) const = default;

  // The key of a tuple; *swapped tells whether the source is the high end.
  [[nodiscard]] static FlowKey from(const FlowTuple& t, bool* swapped = nullptr) {
    FlowKey k;
    const bool swap = t.destination < t.source || (t.destination == t.source && t.destination_port < t.source_port);
    k.low = swap ? t.destination : t.source;
    k.high = swap ? t.source : t.destination;
    k.low_port = swap ? t.destination_port : t.source_port;
    k.high_port = swap ? t.source_port : t.destination_port;
    k.protocol = t.protocol;
    if (swapped != nullptr) *swapped = swap;
    return k;
  }

  [[nodiscard]] std::uint64_t hash(std::uint64_t seed) const {
    std::uint64_t a[2], b[2];
    std::memcpy(a, low.bytes().data(), 16);
    std::memcpy(b, high.bytes().data(), 16);
    // Both factors hold the seed: an address that made one of them zero would take the seed out of the hash.
    const std::uint64_t other = mix(seed ^ 0x9e3779b97f4a7c15ULL, 0xd6e8feb86659fd93ULL);
    std::uint64_t h = seed;
    h = mix(h ^ a[0], other ^ b[0]);
    if (low.is_v6()) h = mix(h ^ a[1], (other + 0xc2b2ae3d27d4eb4fULL) ^ b[1]);
    const std::uint64_t ports = (std::uint64_t{low_port} << 48) | (std::uint64_t{high_port} << 32) |
                                (std::uint64_t{protocol} << 24) | (std::uint64_t{tunnel_depth} << 16) | vlan[2];
    const std::uint64_t tags = (std::uint64_t{vlan[0]} << 16) | vlan[1];
    return mix(h ^ ports, (other + 0x165667b19e3779f9ULL) ^ tags);
  }

 private:
  // 64x64 -> 128 bit multiply, folded: the core of wyhash.
  [[nodiscard]] static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using U128 = unsigned __int128;
    const U128 product = static_cast<U128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
};

}  // namespace bulkhead
