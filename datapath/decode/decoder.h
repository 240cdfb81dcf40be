// Turns a frame into packet views: link layer, VLAN, ARP, IP, extension headers, transport, tunnels.
//
// Thread   one decoder per worker; no locks, no allocation after construction.
// In       one RawPacket (any LinkType; unknown ones are counted), or the bytes of a reassembled datagram.
// Out      views in `chain`, outermost first, valid as long as the packet bytes.
// Limits   kMaxLayers IP layers; more raise too_many_layers.
// Errors   DecodeEvent in the view it belongs to; counters by name.
// Source   RFC 791, 8200, 9293, 768, 792, 4443, 826, 9260, IEEE 802.1Q.
// Tests    tests/unit/datapath/decode/, tests/fuzz/fuzz_decode.cpp
#pragma once

#include <array>
#include <cstdint>

#include "datapath/base/counters.h"
#include "datapath/decode/decode_settings.h"
#include "datapath/decode/packet_view.h"

namespace bulkhead::decode {

inline constexpr std::size_t kMaxLayers = 16;

struct PacketChain {
  std::array<PacketView, kMaxLayers> views;
  std::size_t count = 0;
};

// Names as in EVE stats: "decoder.pkts", "decoder.ipv4", ...
struct DecodeCounters {
  Counter packets, bytes, invalid, ipv4, ipv6, ethernet, arp, unknown_ethertype, chdlc, raw, null, sll, tcp, udp, sctp,
      esp, icmpv4, icmpv6, ppp, pppoe, geneve, gre, vlan, vlan_qinq, vxlan, ieee8021ah, teredo, ipv4_in_ipv6,
      ipv6_in_ipv6, ipv4_in_ipv4, ipv6_in_ipv4, mpls, erspan, nsh, too_many_layers, vlan_qinqinq, vntag;
  std::array<Counter, kDecodeEventCount> events;
};

class Decoder {
 public:
  explicit Decoder(const DecodeSettings& settings) : settings_(settings) {}

  void decode(const io::RawPacket& raw, PacketChain& chain);

  // Continues with a datagram put together from fragments: `datagram` starts at its IP header,
  // `last` is the view of the fragment that completed it. Appends to `chain` from chain.count on.
  void decode_datagram(ByteSpan datagram, const PacketView& last, PacketChain& chain);

  // Events that another stage found (the defragmenter's), so that all are counted in one place.
  void count(const DecodeEventList& events) {
    for (const DecodeEvent event : events) counters_.events[static_cast<std::size_t>(event)].add();
  }

  [[nodiscard]] const DecodeCounters& counters() const { return counters_; }

 private:
  DecodeSettings settings_;
  DecodeCounters counters_;

 public:
  // For the layer decoders (ethernet.cpp, ipv4.cpp, ...), which are free functions over the decoder.
  [[nodiscard]] const DecodeSettings& settings() const { return settings_; }
  [[nodiscard]] DecodeCounters& mutable_counters() { return counters_; }
};

}  // namespace bulkhead::decode
