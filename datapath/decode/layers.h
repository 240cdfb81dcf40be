// The layer decoders and what they share. Private to datapath/decode.
//
// Each decode_<layer>() takes the bytes from its header to the end of what encloses it, checks that the header
// is there, fills in the view, and calls the next layer. None reads outside `bytes`.
//
// Thread   one worker.
// Errors   fail(): this header is broken, decoding ends here. note(): odd, decoding goes on.
// Tests    tests/unit/datapath/decode/
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapath/base/big_endian.h"
#include "datapath/base/byte_reader.h"
#include "datapath/decode/decoder.h"

namespace bulkhead::decode {

namespace ether_type {
inline constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kBridge = 0x6558, kVlan = 0x8100, kIpv6 = 0x86dd,
                               kPpp = 0x880b, kMplsUnicast = 0x8847, kMplsMulticast = 0x8848, kPppoeDiscovery = 0x8863,
                               kPppoeSession = 0x8864, kErspan = 0x88be, kQinQ = 0x88a8, k8021ah = 0x88e7,
                               kDce = 0x8903, kVntag = 0x8926, kNsh = 0x894f, kQinQOld = 0x9100;
}

inline constexpr std::uint8_t kMaxVlanTags = 3;

// Decoding of one frame: what every layer needs besides its bytes.
struct Context {
  Decoder& decoder;
  PacketChain& chain;
  PacketView* view;      // the packet being decoded, the last of the chain
  bool verify = false;   // checksums are worth looking at
  bool gso = false;      // lengths in the headers may be zero or too small
  unsigned layers = 0;   // headers so far, against settings.max_layers
  bool invalid = false;  // some event of the frame counts it in decoder.invalid

  [[nodiscard]] DecodeCounters& counters() { return decoder.mutable_counters(); }
  [[nodiscard]] const DecodeSettings& settings() const { return decoder.settings(); }

  void note(DecodeEvent event) {
    view->events.add(event);
    counters().events[static_cast<std::size_t>(event)].add();
  }
  // Counted in decoder.invalid, yet the packet stays readable.
  void note_invalid(DecodeEvent event) {
    note(event);
    invalid = true;
  }
  void fail(DecodeEvent event) {
    note_invalid(event);
    view->invalid = true;
    view->payload = {};
  }
  // False when the frame has more headers than allowed; the caller returns.
  [[nodiscard]] bool enter_layer() {
    if (layers++ < settings().max_layers) return true;
    counters().too_many_layers.add();
    fail(DecodeEvent::too_many_layers);
    return false;
  }
  // Starts the view of a packet inside the present one. False when the chain is full.
  [[nodiscard]] bool open_tunnel(TunnelKind kind, ByteSpan inner);
};

// Link layer.
void decode_ethernet(Context& c, ByteSpan bytes);
void decode_null(Context& c, ByteSpan bytes);
void decode_raw(Context& c, ByteSpan bytes);
void decode_sll(Context& c, ByteSpan bytes);
void decode_sll2(Context& c, ByteSpan bytes);
void decode_ppp(Context& c, ByteSpan bytes);
void decode_chdlc(Context& c, ByteSpan bytes);
// What an EtherType announces; false when the type is unknown.
[[nodiscard]] bool decode_network(Context& c, std::uint16_t type, ByteSpan bytes);
void decode_vlan(Context& c, ByteSpan bytes);
// False when there is no room for a further tag.
[[nodiscard]] bool push_vlan(PacketView& view, std::uint16_t tci);
void decode_mpls(Context& c, ByteSpan bytes);
void decode_nsh(Context& c, ByteSpan bytes);
void decode_pppoe_session(Context& c, ByteSpan bytes);
void decode_pppoe_discovery(Context& c, ByteSpan bytes);
void decode_arp(Context& c, ByteSpan bytes);

// Internet layer.
void decode_ipv4(Context& c, ByteSpan bytes);
void decode_ipv6(Context& c, ByteSpan bytes);
// Inner packets of IP tunnels: the IP layer in a view of its own.
void decode_ip_tunnel(Context& c, TunnelKind kind, IpFamily family, ByteSpan inner);

// Transport layer; `bytes` ends with the datagram. The view's IP fields are set.
void decode_tcp(Context& c, ByteSpan bytes);
void decode_udp(Context& c, ByteSpan bytes);
void decode_sctp(Context& c, ByteSpan bytes);
void decode_esp(Context& c, ByteSpan bytes);
void decode_icmpv4(Context& c, ByteSpan bytes);
void decode_icmpv6(Context& c, ByteSpan bytes);

// Tunnels. The bool forms answer whether the bytes are such a tunnel; if not, nothing has changed.
void decode_gre(Context& c, ByteSpan bytes);
[[nodiscard]] bool decode_vxlan(Context& c, ByteSpan bytes);
[[nodiscard]] bool decode_geneve(Context& c, ByteSpan bytes);
[[nodiscard]] bool decode_teredo(Context& c, ByteSpan bytes);

inline void set_l4(PacketView& view, ByteSpan bytes, std::size_t header_length) {
  view.l4_header = bytes.data();
  view.l4_header_length = static_cast<std::uint16_t>(header_length);
  view.payload = bytes.subspan(header_length);
}

inline void set_ports(PacketView& view, ByteSpan bytes) {
  view.source_port = load_be16(bytes.data());
  view.destination_port = load_be16(bytes.data() + 2);
}

}  // namespace bulkhead::decode
