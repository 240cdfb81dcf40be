// One decoded packet: offsets and numbers over borrowed bytes, no copy. A frame with tunnels gives
// one view per IP layer, outermost first; a reassembled datagram gives views with origin kDefragment.
//
// Layout   `frame` starts at the link header (or at the IP header for inner and reassembled packets).
//          Numbers are in host order. Pointers are null where the layer is absent or broken.
// Lifetime that of the packet batch (or of the defragmenter's buffer until its next call).
// Errors   events holds up to kMaxEvents decode events, in the order found; later ones are counted only.
// Tests    tests/unit/datapath/decode/
#pragma once

#include <array>
#include <cstdint>

#include "datapath/base/flow_key.h"
#include "datapath/base/ip_address.h"
#include "datapath/decode/decode_events.h"
#include "datapath/io/packet_batch.h"

namespace bulkhead::decode {

enum class PacketOrigin : std::uint8_t {
  kWire,         // "wire/pcap"
  kTunnel,       // inner packet
  kDefragment,   // "defrag": reassembled from fragments
  kFlowTimeout,  // "stream (flow timeout)": no packet, the last look at a flow's data
};

enum class TunnelKind : std::uint8_t { kNone, kIpInIp, kIpv6InIp, kGre, kVxlan, kGeneve, kTeredo, kErspan };

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20, kEce = 0x40,
                              kCwr = 0x80;
}  // namespace tcp_flag

struct TcpFields {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t window = 0;  // unscaled
  std::uint16_t urgent = 0;
  std::uint8_t flags = 0;
  std::uint8_t header_length = 0;  // bytes
  // Options (RFC 9293, 7323, 2018, 7413), valid by the has_ flags.
  bool has_mss = false, has_window_scale = false, has_timestamps = false, sack_permitted = false, has_sack = false,
       has_fast_open = false;
  std::uint8_t window_scale = 0;
  std::uint16_t mss = 0;
  std::uint32_t ts_value = 0;
  std::uint32_t ts_echo = 0;
};

struct PacketView {
  const io::RawPacket* raw = nullptr;         // the frame this came from; never null but for kFlowTimeout
  const PacketView* outer = nullptr;          // the enclosing packet of a tunnel
  const PacketView* last_fragment = nullptr;  // kDefragment: the fragment that completed it; set by the worker
  ByteSpan frame;                             // link header on, or IP header on (inner, reassembled)
  PacketOrigin origin = PacketOrigin::kWire;
  TunnelKind tunnel = TunnelKind::kNone;  // how this packet was wrapped in `outer`
  std::uint8_t tunnel_depth = 0;

  // Link layer.
  const Byte* ethernet = nullptr;  // destination[6] source[6] type[2]
  std::uint16_t ether_type = 0;    // of the payload, after VLAN tags
  std::uint8_t vlan_count = 0;
  std::array<std::uint16_t, 3> vlan_id{};  // outermost first

  // ARP (RFC 826), Ethernet/IPv4 only.
  const Byte* arp = nullptr;  // 28 bytes
  std::uint16_t arp_operation = 0;

  // Internet layer.
  IpFamily family = IpFamily::kNone;
  const Byte* ip_header = nullptr;
  std::uint16_t ip_header_length = 0;  // IPv4 with options; IPv6 with all extension headers
  std::uint32_t ip_total_length = 0;   // header and payload; for GSO packets what is there
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;  // upper-layer protocol number, after extension headers
  std::uint8_t ttl = 0;       // hop limit
  std::uint8_t tos = 0;       // traffic class
  bool is_fragment = false;
  bool more_fragments = false;
  bool dont_fragment = false;
  bool reserved_bit = false;                // IPv4 "evil bit"
  std::uint32_t fragment_id = 0;            // IPv4 identification; IPv6 from the fragment header
  std::uint32_t fragment_offset = 0;        // bytes
  std::uint32_t unfragmentable_length = 0;  // IPv6: bytes before the fragment header
  std::uint16_t ip_options = 0;             // bit set of IpOption (ipv4.h)

  // Transport layer.
  const Byte* l4_header = nullptr;
  std::uint16_t l4_header_length = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  TcpFields tcp;  // valid when has_tcp
  bool has_tcp = false, has_udp = false, has_icmp = false, has_icmpv6 = false, has_sctp = false;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint16_t icmp_id = 0;  // echo, timestamp, ...
  std::uint16_t icmp_sequence = 0;
  bool has_icmp_id = false;  // id and sequence exist for this type
  // The packet quoted in an ICMP error; family kNone when there is none or it is too short.
  FlowTuple icmp_quoted;
  bool has_icmp_quoted = false;
  std::uint32_t esp_spi = 0;
  ByteSpan payload;  // above the deepest decoded header

  bool ip_checksum_bad = false;
  bool l4_checksum_bad = false;  // verified and wrong; a partial checksum is never bad
  bool invalid = false;  // a header is broken: no flow, no payload; where is_ip(), the IP header is sound and is judged
  bool truncated = false;  // the capture holds fewer bytes than the headers promise

  DecodeEventList events;

  [[nodiscard]] bool has_transport() const {
    return has_tcp || has_udp || has_icmp || has_icmpv6 || has_sctp || esp_spi != 0;
  }
  [[nodiscard]] bool is_ip() const { return family != IpFamily::kNone; }
  [[nodiscard]] FlowTuple tuple() const { return {source, destination, source_port, destination_port, protocol}; }
};

}  // namespace bulkhead::decode
