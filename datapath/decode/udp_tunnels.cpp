// Tunnels in UDP: VXLAN (RFC 7348 5), Geneve (RFC 8926 3.4), Teredo (RFC 4380 5.1.1).
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kEthernetHeader = 14, kIpv6Header = 40;

[[nodiscard]] bool is_inner_type(std::uint16_t type) {
  return type == ether_type::kArp || type == ether_type::kIpv4 || type == ether_type::kIpv6 ||
         type == ether_type::kVlan || type == ether_type::kQinQ || type == ether_type::kQinQOld;
}

}  // namespace

// flags 1 (0x08: the VNI is valid), policy 3, VNI 3, reserved 1, the inner frame
bool decode_vxlan(Context& c, ByteSpan bytes) {
  constexpr std::size_t kVxlanHeader = 8;
  if (bytes.size() < kVxlanHeader + kEthernetHeader) return false;
  if ((bytes[0] & 0x08) == 0 || bytes[7] != 0) return false;
  if (!c.enter_layer()) return false;
  c.counters().vxlan.add();
  const ByteSpan inner = bytes.subspan(kVxlanHeader);
  const std::uint16_t type = load_be16(&inner[12]);
  if (!is_inner_type(type)) {
    c.note_invalid(DecodeEvent::vxlan_unknown_payload_type);
    return true;
  }
  // The inner Ethernet header counts neither as a layer nor in decoder.ethernet, nor as bytes of the inner flow.
  const ByteSpan network = inner.subspan(kEthernetHeader);
  if (!c.open_tunnel(TunnelKind::kVxlan, network)) return true;
  c.view->ethernet = inner.data();
  static_cast<void>(decode_network(c, type, network));
  return true;
}

// version 2, option length 6 bits, flags 1, protocol 2, VNI 3, reserved 1, options, payload
bool decode_geneve(Context& c, ByteSpan bytes) {
  constexpr std::size_t kGeneveHeader = 8;
  if (bytes.size() < kGeneveHeader || bytes[0] >> 6 != 0 || bytes[7] != 0) return false;
  const std::size_t length = kGeneveHeader + (bytes[0] & 63U) * 4;
  const std::uint16_t type = load_be16(&bytes[2]);
  const std::size_t least = type == ether_type::kBridge ? kEthernetHeader : 1;
  if (bytes.size() < length + least) return false;
  const bool known =
      type == ether_type::kBridge || type == ether_type::kIpv4 || type == ether_type::kIpv6 || type == ether_type::kArp;
  if (!c.enter_layer()) return false;
  c.counters().geneve.add();
  if (!known) {
    c.note_invalid(DecodeEvent::geneve_unknown_payload_type);
    return true;
  }
  const ByteSpan inner = bytes.subspan(length);
  if (!c.open_tunnel(TunnelKind::kGeneve, inner)) return true;
  if (type == ether_type::kBridge) {
    decode_ethernet(c, inner);
  } else {
    static_cast<void>(decode_network(c, type, inner));
  }
  return true;
}

namespace {

// Nothing but plausibility tells Teredo from other UDP: the inner packet must fit exactly.
[[nodiscard]] ByteSpan teredo_packet(ByteSpan bytes) {
  constexpr std::size_t kOriginIndication = 8;
  if (bytes.size() < kIpv6Header) return {};
  if (bytes[0] == 0) {
    if (bytes[1] != 0 || bytes.size() < kOriginIndication + kIpv6Header) return {};
    bytes = bytes.subspan(kOriginIndication);
  }
  const std::size_t length = load_be16(&bytes[4]);
  const std::uint8_t next = bytes[6], hop_limit = bytes[7];
  const bool plausible = bytes[0] >> 4 == 6 && hop_limit != 0 && !(next == ip_proto::kHopByHop && length < 8) &&
                         bytes.size() == kIpv6Header + length;
  return plausible ? bytes : ByteSpan{};
}

}  // namespace

bool decode_teredo(Context& c, ByteSpan bytes) {
  const ByteSpan inner = teredo_packet(bytes);
  if (inner.empty()) return false;
  PacketView* const outer = c.view;
  const std::size_t count = c.chain.count;
  const bool was_invalid = c.invalid;
  const unsigned layers = c.layers;
  if (!c.open_tunnel(TunnelKind::kTeredo, inner)) return false;
  PacketView* const guess = c.view;
  decode_ipv6(c, inner);
  if (!guess->invalid) {
    c.counters().teredo.add();
    return true;
  }
  // A guess gone wrong leaves no trace.
  for (std::size_t i = count; i < c.chain.count; ++i) {
    for (const DecodeEvent event : c.chain.views[i].events) {
      c.counters().events[static_cast<std::size_t>(event)].sub();
    }
  }
  c.chain.count = count;
  c.view = outer;
  c.invalid = was_invalid;
  c.layers = layers;
  return false;
}

}  // namespace bulkhead::decode
