// UDP (RFC 768) and the tunnels known by its ports.
//
//     0        2        4        6
//     | source | dest   | length | checksum | payload ...
#include "datapath/decode/checksum.h"
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kUdpHeader = 8;

[[nodiscard]] bool listed(const std::vector<std::uint16_t>& ports, std::uint16_t port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

[[nodiscard]] bool is_tunnel(Context& c, ByteSpan payload) {
  const DecodeSettings& s = c.settings();
  const std::uint16_t from = c.view->source_port, to = c.view->destination_port;
  const bool teredo =
      s.teredo_enabled && (s.teredo_any_port || listed(s.teredo_ports, from) || listed(s.teredo_ports, to));
  if (teredo && decode_teredo(c, payload)) return true;
  const bool geneve = s.geneve_enabled && (listed(s.geneve_ports, from) || listed(s.geneve_ports, to));
  if (geneve && decode_geneve(c, payload)) return true;
  const bool vxlan = s.vxlan_enabled && (listed(s.vxlan_ports, from) || listed(s.vxlan_ports, to));
  return vxlan && decode_vxlan(c, payload);
}

}  // namespace

void decode_udp(Context& c, ByteSpan bytes) {
  c.counters().udp.add();
  if (bytes.size() < kUdpHeader) return c.fail(DecodeEvent::udp_hlen_too_small);
  std::size_t length = load_be16(&bytes[4]);
  // Zero: a jumbogram (RFC 2675 4) or a super-packet beyond 64 KB.
  if (length == 0 && (c.gso || bytes.size() > 0xffff)) length = bytes.size();
  if (length > bytes.size()) return c.fail(DecodeEvent::udp_pkt_too_small);
  if (length < kUdpHeader) return c.fail(DecodeEvent::udp_len_invalid);
  PacketView& v = *c.view;
  const ByteSpan datagram = bytes.first(length);
  set_l4(v, datagram, kUdpHeader);
  set_ports(v, datagram);
  v.has_udp = true;
  // Zero: the sender made none (RFC 768; for IPv6 tunnels RFC 6935).
  if (c.verify && load_be16(&bytes[6]) != 0) {
    v.l4_checksum_bad = transport_checksum(v.source, v.destination, ip_proto::kUdp, datagram) != 0;
  }
  // What is a packet of its own is not looked at twice.
  if (is_tunnel(c, v.payload) && c.view != &v) v.payload = {};
}

}  // namespace bulkhead::decode
