#include "datapath/decode/decoder.h"

#include "datapath/decode/layers.h"

namespace bulkhead::decode {

bool Context::open_tunnel(TunnelKind kind, ByteSpan inner) {
  if (chain.count == chain.views.size()) {
    counters().too_many_layers.add();
    note_invalid(DecodeEvent::too_many_layers);
    return false;
  }
  PacketView& next = chain.views[chain.count++];
  next = PacketView{};
  next.raw = view->raw;
  next.outer = view;
  next.frame = inner;
  next.origin = PacketOrigin::kTunnel;
  next.tunnel = kind;
  next.tunnel_depth = static_cast<std::uint8_t>(view->tunnel_depth + 1);
  view = &next;
  return true;
}

namespace {

// LINKTYPE_ numbers without a name in io::LinkType.
constexpr std::uint16_t kLinkCiscoHdlc = 104, kLinkRawBsd = 14;

void decode_link(Context& c, const io::RawPacket& raw) {
  const ByteSpan bytes = raw.bytes();
  switch (raw.link_type) {
    case io::LinkType::kEthernet: return decode_ethernet(c, bytes);
    case io::LinkType::kNull:
    case io::LinkType::kLoop: return decode_null(c, bytes);
    case io::LinkType::kPpp: return decode_ppp(c, bytes);
    case io::LinkType::kLinuxSll: return decode_sll(c, bytes);
    case io::LinkType::kLinuxSll2: return decode_sll2(c, bytes);
    case io::LinkType::kRawOld:
    case io::LinkType::kRaw:
    case io::LinkType::kIpv4:
    case io::LinkType::kIpv6: return decode_raw(c, bytes);
  }
  const auto number = static_cast<std::uint16_t>(raw.link_type);
  if (number == kLinkCiscoHdlc) return decode_chdlc(c, bytes);
  if (number == kLinkRawBsd) return decode_raw(c, bytes);
}

[[nodiscard]] bool checksums_count(const DecodeSettings& settings, const io::RawPacket& raw) {
  return settings.verify_checksums && raw.checksum == io::ChecksumState::kUnknown && raw.gso_segment_size == 0;
}

}  // namespace

void Decoder::decode(const io::RawPacket& raw, PacketChain& chain) {
  counters_.packets.add();
  counters_.bytes.add(raw.captured);
  PacketView& view = chain.views[0];
  chain.count = 1;
  view = PacketView{};
  view.raw = &raw;
  view.frame = raw.bytes();
  Context c{*this, chain, &view, checksums_count(settings_, raw), raw.gso_segment_size != 0};
  // A source that names an interface is a live one; files tell nothing about their snaplen being too small.
  if (raw.captured < raw.wire_length && raw.interface_index != 0) c.note(DecodeEvent::afpacket_trunc_pkt);
  if (raw.vlan.present) {
    counters_.vlan.add();
    static_cast<void>(push_vlan(view, raw.vlan.tci));
  }
  decode_link(c, raw);
  if (c.invalid) counters_.invalid.add();
}

void Decoder::decode_datagram(ByteSpan datagram, const PacketView& last, PacketChain& chain) {
  if (chain.count == chain.views.size()) {
    counters_.too_many_layers.add();
    return;
  }
  PacketView& view = chain.views[chain.count++];
  view = PacketView{};
  view.raw = last.raw;
  view.outer = last.outer;
  view.frame = datagram;
  view.origin = PacketOrigin::kDefragment;
  view.tunnel = last.tunnel;
  view.tunnel_depth = last.tunnel_depth;
  view.ethernet = last.ethernet;
  view.ether_type = last.ether_type;
  view.vlan_count = last.vlan_count;
  view.vlan_id = last.vlan_id;
  Context c{*this, chain, &view, checksums_count(settings_, *last.raw)};
  if (last.family == IpFamily::kV6) {
    decode_ipv6(c, datagram);
  } else {
    decode_ipv4(c, datagram);
  }
  if (c.invalid) counters_.invalid.add();
}

}  // namespace bulkhead::decode
