#include "tests/support/packet_builder.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "datapath/base/big_endian.h"
#include "datapath/base/check.h"
#include "datapath/base/flow_key.h"

namespace bulkhead::test {

namespace {

void put16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
void put32(Bytes& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value);
}
void put(Bytes& out, ByteSpan bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_mac(Bytes& out, std::string_view text) {
  const auto mac = MacAddress::parse(text);
  BULKHEAD_CHECK(mac.has_value());
  put(out, mac->bytes);
}

IpAddress address(std::string_view text, IpFamily family) {
  const auto parsed = IpAddress::parse(text);
  BULKHEAD_CHECK(parsed.has_value() && parsed->family() == family);
  return *parsed;
}

void put_address(Bytes& out, const IpAddress& a) {
  put(out, ByteSpan(a.bytes().data(), a.size()));
}

void pad_to_multiple(Bytes& bytes, std::size_t of) {
  while (bytes.size() % of != 0) bytes.push_back(0);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Bytes from_hex(std::string_view hex) {
  Bytes out;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ' || c == '|' || c == ':' || c == '\n') continue;
    const int digit = hex_digit(c);
    BULKHEAD_CHECK(digit >= 0);
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  BULKHEAD_CHECK(high < 0);
  return out;
}

Bytes to_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

std::uint32_t checksum_sum(ByteSpan bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += (i % 2 == 0) ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

std::uint16_t checksum_finish(std::uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~((sum & 0xffff) + (sum >> 16)));
}

Bytes tcp_option_mss(std::uint16_t mss) {
  Bytes out{2, 4};
  put16(out, mss);
  return out;
}
Bytes tcp_option_window_scale(std::uint8_t shift) {
  return {3, 3, shift};
}
Bytes tcp_option_sack_permitted() {
  return {4, 2};
}
Bytes tcp_option_timestamps(std::uint32_t value, std::uint32_t echo) {
  Bytes out{8, 10};
  put32(out, value);
  put32(out, echo);
  return out;
}
Bytes concat(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) put(out, part);
  return out;
}

PacketBuilder::Layer& PacketBuilder::add(Kind kind, Bytes header) {
  layers_.push_back({.kind = kind,
                     .header = std::move(header),
                     .next = {},
                     .length = {},
                     .checksum = {},
                     .bad_checksum = false,
                     .source = {},
                     .destination = {}});
  return layers_.back();
}

PacketBuilder& PacketBuilder::ethernet(const EthernetFields& fields) {
  Bytes h;
  put_mac(h, fields.destination);
  put_mac(h, fields.source);
  put16(h, 0);
  add(Kind::kEthernet, std::move(h)).next = fields.ether_type;
  return *this;
}

// `header` holds the tag as it follows the previous type field; the tpid goes into that field.
PacketBuilder& PacketBuilder::vlan(std::uint16_t id, const VlanFields& fields) {
  Bytes h;
  put16(h, static_cast<std::uint32_t>(fields.priority << 13 | (id & 0xfff)));
  put16(h, 0);
  Layer& layer = add(Kind::kVlan, std::move(h));
  layer.next = fields.ether_type;
  layer.length = fields.tpid;
  return *this;
}

PacketBuilder& PacketBuilder::mpls(std::uint32_t label, std::uint8_t ttl) {
  Bytes h;
  put32(h, label << 12 | ttl);
  add(Kind::kMpls, std::move(h));
  return *this;
}

PacketBuilder& PacketBuilder::pppoe(std::uint16_t session) {
  Bytes h{0x11, 0};
  put16(h, session);
  put32(h, 0);
  add(Kind::kPppoe, std::move(h));
  return *this;
}

PacketBuilder& PacketBuilder::arp(const ArpFields& fields) {
  Bytes h = from_hex("0001 0800 06 04");
  put16(h, fields.operation);
  put_mac(h, fields.sender_mac);
  put_address(h, address(fields.sender_ip, IpFamily::kV4));
  put_mac(h, fields.target_mac);
  put_address(h, address(fields.target_ip, IpFamily::kV4));
  add(Kind::kArp, std::move(h));
  return *this;
}

PacketBuilder& PacketBuilder::ipv4(std::string_view source, std::string_view destination, const Ipv4Fields& fields) {
  Bytes options = fields.options;
  pad_to_multiple(options, 4);
  const auto words = fields.header_words.value_or(static_cast<std::uint8_t>(5 + options.size() / 4));
  Bytes h;
  h.push_back(static_cast<std::uint8_t>(fields.version << 4 | (words & 15)));
  h.push_back(fields.tos);
  put16(h, 0);
  put16(h, fields.id);
  put16(h, (fields.reserved_bit ? 0x8000U : 0U) | (fields.dont_fragment ? 0x4000U : 0U) |
               (fields.more_fragments ? 0x2000U : 0U) | (fields.fragment_offset / 8 & 0x1fffU));
  h.push_back(fields.ttl);
  h.push_back(0);
  put16(h, 0);
  const IpAddress from = address(source, IpFamily::kV4), to = address(destination, IpFamily::kV4);
  put_address(h, from);
  put_address(h, to);
  put(h, options);
  Layer& layer = add(Kind::kIpv4, std::move(h));
  layer.next = fields.protocol;
  layer.length = fields.total_length;
  layer.bad_checksum = fields.bad_checksum;
  layer.source = from;
  layer.destination = to;
  return *this;
}

PacketBuilder& PacketBuilder::ipv6(std::string_view source, std::string_view destination, const Ipv6Fields& fields) {
  Bytes h;
  put32(h, std::uint32_t{fields.version} << 28 | std::uint32_t{fields.traffic_class} << 20 |
               (fields.flow_label & 0xfffff));
  put16(h, 0);
  h.push_back(0);
  h.push_back(fields.hop_limit);
  const IpAddress from = address(source, IpFamily::kV6), to = address(destination, IpFamily::kV6);
  put_address(h, from);
  put_address(h, to);
  Layer& layer = add(Kind::kIpv6, std::move(h));
  layer.next = fields.next_header;
  layer.length = fields.payload_length;
  layer.source = from;
  layer.destination = to;
  return *this;
}

namespace {
Bytes option_header(const Bytes& options, const ExtensionFields& fields) {
  Bytes h{0, 0};
  put(h, options);
  const std::size_t missing = (8 - h.size() % 8) % 8;
  if (missing == 1) {
    h.push_back(0);  // Pad1
  } else if (missing > 1) {
    h.push_back(1);  // PadN
    h.push_back(static_cast<std::uint8_t>(missing - 2));
    h.resize(h.size() + missing - 2);
  }
  h[1] = fields.length.value_or(static_cast<std::uint8_t>(h.size() / 8 - 1));
  return h;
}
}  // namespace

PacketBuilder& PacketBuilder::hop_by_hop(const Bytes& options, const ExtensionFields& fields) {
  add(Kind::kHopByHop, option_header(options, fields)).next = fields.next_header;
  return *this;
}

PacketBuilder& PacketBuilder::destination_options(const Bytes& options, const ExtensionFields& fields) {
  add(Kind::kDestOptions, option_header(options, fields)).next = fields.next_header;
  return *this;
}

PacketBuilder& PacketBuilder::routing(std::uint8_t type, std::uint8_t segments_left, const Bytes& data,
                                      const ExtensionFields& fields) {
  Bytes h{0, 0, type, segments_left};
  put(h, data);
  pad_to_multiple(h, 8);
  h[1] = fields.length.value_or(static_cast<std::uint8_t>(h.size() / 8 - 1));
  add(Kind::kRouting, std::move(h)).next = fields.next_header;
  return *this;
}

PacketBuilder& PacketBuilder::fragment(const FragmentFields& fields) {
  Bytes h{0, fields.reserved};
  put16(h, (fields.offset & 0xfff8U) | (fields.more ? 1U : 0U));
  put32(h, fields.id);
  add(Kind::kFragment, std::move(h)).next = fields.next_header;
  return *this;
}

PacketBuilder& PacketBuilder::auth_header(std::uint32_t spi, const Bytes& icv, std::uint16_t reserved) {
  Bytes h{0, 0};
  put16(h, reserved);
  put32(h, spi);
  put32(h, 1);
  put(h, icv);
  pad_to_multiple(h, 4);
  h[1] = static_cast<std::uint8_t>(h.size() / 4 - 2);
  add(Kind::kAuth, std::move(h));
  return *this;
}

PacketBuilder& PacketBuilder::esp(std::uint32_t spi, std::uint32_t sequence) {
  Bytes h;
  put32(h, spi);
  put32(h, sequence);
  add(Kind::kEsp, std::move(h));
  return *this;
}

PacketBuilder& PacketBuilder::tcp(std::uint16_t source, std::uint16_t destination, const TcpFieldsIn& fields) {
  Bytes options = fields.options;
  pad_to_multiple(options, 4);
  Bytes h;
  put16(h, source);
  put16(h, destination);
  put32(h, fields.seq);
  put32(h, fields.ack);
  const auto words = fields.header_words.value_or(static_cast<std::uint8_t>(5 + options.size() / 4));
  h.push_back(static_cast<std::uint8_t>(words << 4));
  h.push_back(fields.flags);
  put16(h, fields.window);
  put16(h, 0);
  put16(h, fields.urgent);
  put(h, options);
  Layer& layer = add(Kind::kTcp, std::move(h));
  layer.checksum = fields.checksum;
  layer.bad_checksum = fields.bad_checksum;
  return *this;
}

PacketBuilder& PacketBuilder::udp(std::uint16_t source, std::uint16_t destination, const UdpFieldsIn& fields) {
  Bytes h;
  put16(h, source);
  put16(h, destination);
  put32(h, 0);
  Layer& layer = add(Kind::kUdp, std::move(h));
  layer.length = fields.length;
  layer.checksum = fields.checksum;
  layer.bad_checksum = fields.bad_checksum;
  return *this;
}

PacketBuilder& PacketBuilder::icmp(std::uint8_t type, std::uint8_t code, const IcmpFields& fields) {
  Bytes h{type, code, 0, 0};
  put32(h, fields.rest);
  add(Kind::kIcmp, std::move(h)).bad_checksum = fields.bad_checksum;
  return *this;
}

PacketBuilder& PacketBuilder::icmpv6(std::uint8_t type, std::uint8_t code, const IcmpFields& fields) {
  Bytes h{type, code, 0, 0};
  put32(h, fields.rest);
  add(Kind::kIcmpv6, std::move(h)).bad_checksum = fields.bad_checksum;
  return *this;
}

PacketBuilder& PacketBuilder::sctp(std::uint16_t source, std::uint16_t destination, const SctpFields& fields) {
  Bytes h;
  put16(h, source);
  put16(h, destination);
  put32(h, fields.verification_tag);
  put32(h, 0);
  add(Kind::kSctp, std::move(h));
  return *this;
}

PacketBuilder& PacketBuilder::gre(const GreFields& fields) {
  Bytes h;
  put16(h, fields.flags_version);
  put16(h, 0);
  put(h, fields.optional_fields);
  add(Kind::kGre, std::move(h)).next = fields.protocol;
  return *this;
}

PacketBuilder& PacketBuilder::vxlan(const VxlanFields& fields) {
  Bytes h{fields.flags, 0, 0, 0};
  put32(h, fields.vni << 8);
  add(Kind::kVxlan, std::move(h));
  return *this;
}

PacketBuilder& PacketBuilder::geneve(const GeneveFields& fields) {
  Bytes options = fields.options;
  pad_to_multiple(options, 4);
  Bytes h{static_cast<std::uint8_t>(options.size() / 4), 0};
  put16(h, 0);
  put32(h, fields.vni << 8);
  put(h, options);
  add(Kind::kGeneve, std::move(h)).next = fields.protocol;
  return *this;
}

PacketBuilder& PacketBuilder::payload(std::string_view text) {
  return payload(to_bytes(text));
}
PacketBuilder& PacketBuilder::payload(const Bytes& bytes) {
  add(Kind::kPayload, bytes);
  return *this;
}
PacketBuilder& PacketBuilder::trailer(const Bytes& bytes) {
  put(trailer_, bytes);
  return *this;
}
PacketBuilder& PacketBuilder::pad_to_60() {
  pad_ = true;
  return *this;
}

std::uint16_t PacketBuilder::ether_type_after(std::size_t index) const {
  if (index + 1 >= layers_.size()) return 0xffff;
  const Layer& next = layers_[index + 1];
  switch (next.kind) {
    case Kind::kVlan: return next.length.value_or(0x8100);
    case Kind::kMpls: return 0x8847;
    case Kind::kPppoe: return 0x8864;
    case Kind::kArp: return 0x0806;
    case Kind::kIpv4: return 0x0800;
    case Kind::kIpv6: return 0x86dd;
    case Kind::kEthernet: return 0x6558;  // transparent Ethernet bridging
    default: return 0xffff;
  }
}

std::uint8_t PacketBuilder::protocol_after(std::size_t index) const {
  if (index + 1 >= layers_.size()) return ip_proto::kNone;
  switch (layers_[index + 1].kind) {
    case Kind::kIpv4: return ip_proto::kIpip;
    case Kind::kIpv6: return ip_proto::kIpv6;
    case Kind::kHopByHop: return ip_proto::kHopByHop;
    case Kind::kDestOptions: return ip_proto::kDestOptions;
    case Kind::kRouting: return ip_proto::kRouting;
    case Kind::kFragment: return ip_proto::kFragment;
    case Kind::kAuth: return ip_proto::kAh;
    case Kind::kEsp: return ip_proto::kEsp;
    case Kind::kTcp: return ip_proto::kTcp;
    case Kind::kUdp: return ip_proto::kUdp;
    case Kind::kIcmp: return ip_proto::kIcmp;
    case Kind::kIcmpv6: return ip_proto::kIcmpv6;
    case Kind::kSctp: return ip_proto::kSctp;
    case Kind::kGre: return ip_proto::kGre;
    case Kind::kEthernet: return 143;  // RFC 8986
    default: return 253;               // RFC 3692: experiments
  }
}

// `bytes` runs from the transport header to the end of the datagram.
void PacketBuilder::finish_checksum(std::size_t index, Bytes& bytes, std::size_t offset, std::uint8_t protocol) const {
  const Layer& layer = layers_[index];
  std::uint32_t sum = 0;
  if (protocol != ip_proto::kIcmp) {
    for (std::size_t i = index; i-- > 0;) {
      if (!layers_[i].source.is_set()) continue;
      Bytes pseudo;
      put_address(pseudo, layers_[i].source);
      put_address(pseudo, layers_[i].destination);
      put32(pseudo, static_cast<std::uint32_t>(bytes.size()));
      put32(pseudo, protocol);
      sum = checksum_sum(pseudo);
      break;
    }
  }
  std::uint16_t value = checksum_finish(checksum_sum(bytes, sum));
  if (protocol == ip_proto::kUdp && value == 0) value = 0xffff;
  if (layer.bad_checksum) value = static_cast<std::uint16_t>(value ^ 0x5555);
  store_be16(&bytes[offset], layer.checksum.value_or(value));
}

// `layer` is this layer's header; `above` what follows it. Fills in what depends on the others.
void PacketBuilder::finish(std::size_t index, Bytes& layer, const Bytes& above) const {
  const Layer& in = layers_[index];
  const auto whole = static_cast<std::uint16_t>(layer.size() + above.size());
  const auto checksum = [&](std::size_t offset, std::uint8_t protocol) {
    const std::size_t header_size = layer.size();
    Bytes all = layer;
    put(all, above);
    finish_checksum(index, all, offset, protocol);
    layer.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(header_size));
  };
  switch (in.kind) {
    case Kind::kEthernet: store_be16(&layer[12], in.next.value_or(ether_type_after(index))); break;
    case Kind::kVlan: store_be16(&layer[2], in.next.value_or(ether_type_after(index))); break;
    case Kind::kMpls:
      if (index + 1 >= layers_.size() || layers_[index + 1].kind != Kind::kMpls) layer[2] |= 1;
      break;
    case Kind::kPppoe:
      store_be16(&layer[4], static_cast<std::uint16_t>(above.size() + 2));
      store_be16(&layer[6], ether_type_after(index) == 0x86dd ? 0x0057 : 0x0021);
      break;
    case Kind::kIpv4: {
      store_be16(&layer[2], in.length.value_or(whole));
      layer[9] = static_cast<std::uint8_t>(in.next.value_or(protocol_after(index)));
      std::uint16_t value = checksum_finish(checksum_sum(layer));
      if (in.bad_checksum) value = static_cast<std::uint16_t>(value ^ 0x5555);
      store_be16(&layer[10], value);
      break;
    }
    case Kind::kIpv6:
      store_be16(&layer[4], in.length.value_or(static_cast<std::uint16_t>(above.size())));
      layer[6] = static_cast<std::uint8_t>(in.next.value_or(protocol_after(index)));
      break;
    case Kind::kHopByHop:
    case Kind::kDestOptions:
    case Kind::kRouting:
    case Kind::kFragment:
    case Kind::kAuth: layer[0] = static_cast<std::uint8_t>(in.next.value_or(protocol_after(index))); break;
    case Kind::kTcp: checksum(16, ip_proto::kTcp); break;
    case Kind::kUdp:
      store_be16(&layer[4], in.length.value_or(whole));
      checksum(6, ip_proto::kUdp);
      break;
    case Kind::kIcmp: checksum(2, ip_proto::kIcmp); break;
    case Kind::kIcmpv6: checksum(2, ip_proto::kIcmpv6); break;
    case Kind::kGre: store_be16(&layer[2], in.next.value_or(ether_type_after(index))); break;
    case Kind::kGeneve: store_be16(&layer[2], in.next.value_or(ether_type_after(index))); break;
    case Kind::kArp:
    case Kind::kEsp:
    case Kind::kSctp:
    case Kind::kVxlan:
    case Kind::kPayload: break;
  }
}

Bytes PacketBuilder::build() const {
  Bytes out;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    Bytes layer = layers_[i].header;
    finish(i, layer, out);
    put(layer, out);
    out = std::move(layer);
  }
  put(out, trailer_);
  if (pad_ && out.size() < 60) out.resize(60);
  return out;
}

namespace {

Bytes slice(const Bytes& bytes, std::size_t begin, std::size_t end) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.begin() + static_cast<std::ptrdiff_t>(end)};
}

Bytes ipv4_piece(const Bytes& frame, std::size_t ip, std::size_t header, std::size_t offset, const Bytes& data,
                 bool more, std::uint32_t id) {
  Bytes out = slice(frame, 0, ip + header);
  put(out, data);
  store_be16(&out[ip + 2], static_cast<std::uint16_t>(header + data.size()));
  store_be16(&out[ip + 4], static_cast<std::uint16_t>(id));
  store_be16(&out[ip + 6], static_cast<std::uint16_t>((more ? 0x2000U : 0U) | offset / 8));
  store_be16(&out[ip + 10], 0);
  store_be16(&out[ip + 10], checksum_finish(checksum_sum(ByteSpan(&out[ip], header))));
  return out;
}

Bytes ipv6_piece(const Bytes& frame, std::size_t ip, std::size_t offset, const Bytes& data, bool more,
                 std::uint32_t id) {
  Bytes out = slice(frame, 0, ip + 40);
  out.push_back(frame[ip + 6]);
  out.push_back(0);
  put16(out, static_cast<std::uint32_t>(offset | (more ? 1U : 0U)));
  put32(out, id);
  put(out, data);
  out[ip + 6] = ip_proto::kFragment;
  store_be16(&out[ip + 4], static_cast<std::uint16_t>(8 + data.size()));
  return out;
}

}  // namespace

std::vector<Bytes> fragment_frame(const Bytes& frame, std::size_t payload_bytes, std::uint32_t id) {
  std::size_t ip = 14;
  while (load_be16(&frame[ip - 2]) == 0x8100 || load_be16(&frame[ip - 2]) == 0x88a8) ip += 4;
  const bool v4 = load_be16(&frame[ip - 2]) == 0x0800;
  const std::size_t header = v4 ? std::size_t{frame[ip] & 15U} * 4 : 40;
  const std::size_t end = ip + (v4 ? load_be16(&frame[ip + 2]) : 40U + load_be16(&frame[ip + 4]));
  const std::size_t step = payload_bytes / 8 * 8;
  BULKHEAD_CHECK(step > 0 && end <= frame.size());
  std::vector<Bytes> out;
  for (std::size_t at = ip + header; at < end; at += step) {
    const std::size_t stop = std::min(end, at + step), offset = at - ip - header;
    const Bytes data = slice(frame, at, stop);
    out.push_back(v4 ? ipv4_piece(frame, ip, header, offset, data, stop < end, id)
                     : ipv6_piece(frame, ip, offset, data, stop < end, id));
  }
  return out;
}

io::RawPacket raw_packet(const Bytes& bytes, Timestamp time, std::uint64_t number, io::LinkType link) {
  io::RawPacket raw;
  raw.data = bytes.data();
  raw.captured = raw.wire_length = static_cast<std::uint32_t>(bytes.size());
  raw.time = time;
  raw.number = number;
  raw.link_type = link;
  return raw;
}

namespace {
void put_le(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
}  // namespace

bool write_pcap(const std::string& path, const std::vector<TimedPacket>& packets, io::LinkType link) {
  Bytes out;
  put_le(out, 0xa1b2c3d4, 4);
  put_le(out, 2, 2);
  put_le(out, 4, 2);
  put_le(out, 0, 8);
  put_le(out, 262144, 4);
  put_le(out, static_cast<std::uint16_t>(link), 4);
  for (const TimedPacket& packet : packets) {
    put_le(out, static_cast<std::uint64_t>(packet.time.seconds()), 4);
    put_le(out, static_cast<std::uint64_t>(packet.time.microseconds_part()), 4);
    put_le(out, packet.bytes.size(), 4);
    put_le(out, packet.wire_length != 0 ? packet.wire_length : packet.bytes.size(), 4);
    put(out, packet.bytes);
  }
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool written = std::fwrite(out.data(), 1, out.size(), file) == out.size();
  return (std::fclose(file) == 0) && written;
}

TcpConversation::TcpConversation(TcpConversationFields fields)
    : fields_(std::move(fields)), client_seq_(fields_.client_isn), server_seq_(fields_.server_isn) {}

TcpConversation& TcpConversation::segment(bool from_client, std::uint32_t seq, std::uint32_t ack, std::uint8_t flags,
                                          std::string_view data) {
  PacketBuilder builder;
  builder.ethernet(
      from_client
          ? EthernetFields{}
          : EthernetFields{.destination = "02:00:00:00:00:01", .source = "02:00:00:00:00:02", .ether_type = {}});
  if (fields_.vlan) builder.vlan(*fields_.vlan);
  const std::string& from = from_client ? fields_.client : fields_.server;
  const std::string& to = from_client ? fields_.server : fields_.client;
  if (from.find(':') == std::string::npos) {
    builder.ipv4(from, to);
  } else {
    builder.ipv6(from, to);
  }
  TcpFieldsIn tcp;
  tcp.flags = flags;
  tcp.seq = seq;
  tcp.ack = (flags & tcp_flags::kAck) != 0 ? ack : 0;
  if ((flags & tcp_flags::kSyn) != 0) tcp.options = tcp_option_mss(fields_.mss);
  builder.tcp(from_client ? fields_.client_port : fields_.server_port,
              from_client ? fields_.server_port : fields_.client_port, tcp);
  if (!data.empty()) builder.payload(data);
  const auto sent = static_cast<std::int64_t>(packets_.size());
  packets_.push_back({fields_.start + fields_.step * sent, builder.build(), 0});
  return *this;
}

TcpConversation& TcpConversation::handshake() {
  segment(true, client_seq_++, 0, tcp_flags::kSyn);
  segment(false, server_seq_++, client_seq_, tcp_flags::kSyn | tcp_flags::kAck);
  return ack_from_client();
}

void TcpConversation::send(bool from_client, std::string_view data) {
  std::uint32_t& seq = from_client ? client_seq_ : server_seq_;
  const std::uint32_t ack = from_client ? server_seq_ : client_seq_;
  while (!data.empty()) {
    const std::string_view piece = data.substr(0, fields_.mss);
    segment(from_client, seq, ack, tcp_flags::kPsh | tcp_flags::kAck, piece);
    seq += static_cast<std::uint32_t>(piece.size());
    data.remove_prefix(piece.size());
  }
}

TcpConversation& TcpConversation::to_server(std::string_view data) {
  send(true, data);
  return ack_from_server();
}
TcpConversation& TcpConversation::to_client(std::string_view data) {
  send(false, data);
  return ack_from_client();
}
TcpConversation& TcpConversation::ack_from_client() {
  return segment(true, client_seq_, server_seq_, tcp_flags::kAck);
}
TcpConversation& TcpConversation::ack_from_server() {
  return segment(false, server_seq_, client_seq_, tcp_flags::kAck);
}
TcpConversation& TcpConversation::close() {
  segment(true, client_seq_++, server_seq_, tcp_flags::kFin | tcp_flags::kAck);
  segment(false, server_seq_++, client_seq_, tcp_flags::kFin | tcp_flags::kAck);
  return ack_from_client();
}
TcpConversation& TcpConversation::reset_by_server() {
  return segment(false, server_seq_, client_seq_, tcp_flags::kRst | tcp_flags::kAck);
}

}  // namespace bulkhead::test
