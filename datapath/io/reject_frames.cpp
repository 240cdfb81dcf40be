#include "datapath/io/reject_frames.h"

#include <algorithm>
#include <cstring>

#include "datapath/base/big_endian.h"

namespace bulkhead::io {

namespace {

constexpr std::size_t kMacs = 12, kIpv4 = 20, kIpv6 = 40, kTcp = 20, kIcmp = 8;
constexpr std::uint16_t kTypeIpv4 = 0x0800, kTypeIpv6 = 0x86dd;
constexpr std::uint8_t kProtoIcmp = 1, kProtoTcp = 6, kProtoIcmp6 = 58;
constexpr Byte kFin = 1, kSyn = 2, kRst = 4, kAck = 16;
constexpr std::size_t kQuoted4 = 28;   // header and eight bytes (RFC 792)
constexpr std::size_t kQuoted6 = 512;  // within the least MTU

// Sum of 16-bit words in network byte order, RFC 1071.
std::uint32_t sum(const Byte* data, std::size_t size, std::uint32_t start = 0) {
  for (; size > 1; data += 2, size -= 2) start += load_be16(data);
  return size == 1 ? start + (std::uint32_t{*data} << 8) : start;
}
std::uint16_t folded(std::uint32_t value) {
  while (value >> 16 != 0) value = (value & 0xffff) + (value >> 16);
  return static_cast<std::uint16_t>(~value);
}

struct Parsed {
  bool v6 = false;
  ByteSpan link;  // up to the IP header
  ByteSpan ip;    // to the end of the datagram, as far as it is there
  std::size_t header = 0;
  std::uint8_t protocol = 0;
  [[nodiscard]] std::size_t addresses_at() const { return v6 ? 8 : 12; }
  [[nodiscard]] std::size_t address_size() const { return v6 ? 16 : 4; }
  [[nodiscard]] const Byte* source() const { return ip.data() + addresses_at(); }
  [[nodiscard]] const Byte* destination() const { return source() + address_size(); }
  [[nodiscard]] ByteSpan payload() const { return ip.subspan(header); }
};

bool parse(const RawPacket& packet, Parsed& out) {
  const ByteSpan frame = packet.bytes();
  if (packet.link_type != LinkType::kEthernet || frame.size() < kMacs + 2) return false;
  if ((frame[0] & 1) != 0) return false;  // to many
  std::size_t at = kMacs;
  std::uint16_t type = load_be16(&frame[at]);
  for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); ++tags) {
    at += 4;
    if (frame.size() < at + 2) return false;
    type = load_be16(&frame[at]);
  }
  at += 2;
  out.link = frame.subspan(0, at);
  out.ip = frame.subspan(at);
  out.v6 = type == kTypeIpv6;
  if (out.v6) {
    if (out.ip.size() < kIpv6) return false;
    out.header = kIpv6;
    out.protocol = out.ip[6];
    return out.source()[0] != 0xff && out.destination()[0] != 0xff;
  }
  if (type != kTypeIpv4 || out.ip.size() < kIpv4) return false;
  out.header = std::size_t{out.ip[0] & 0xfU} * 4;
  out.protocol = out.ip[9];
  const bool fragment = (load_be16(&out.ip[6]) & 0x1fff) != 0;
  const bool group = (out.destination()[0] & 0xf0) == 0xe0 || load_be32(out.destination()) == 0xffffffff;
  return out.header >= kIpv4 && out.ip.size() >= out.header && !fragment && !group;
}

// Link and IP header of the answer; what follows is `length` bytes of `protocol`. Returns where those begin.
std::size_t begin(const RawPacket& packet, const Parsed& in, bool to_sender, std::uint8_t protocol, std::size_t length,
                  std::vector<Byte>& out) {
  const std::size_t tag = packet.vlan.present ? 4 : 0;  // one that stands beside the frame
  const std::size_t ip_at = in.link.size() + tag;
  const std::size_t ip_size = in.v6 ? kIpv6 : kIpv4;
  out.assign(ip_at + ip_size + length, 0);
  const Byte* macs = in.link.data();
  std::memcpy(&out[0], macs + (to_sender ? 6 : 0), 6);
  std::memcpy(&out[6], macs + (to_sender ? 0 : 6), 6);
  if (tag != 0) {
    store_be16(&out[kMacs], packet.vlan.tpid);
    store_be16(&out[kMacs + 2], packet.vlan.tci);
  }
  std::memcpy(&out[kMacs + tag], macs + kMacs, in.link.size() - kMacs);
  Byte* ip = &out[ip_at];
  const std::size_t n = in.address_size();
  std::memcpy(ip + in.addresses_at(), to_sender ? in.destination() : in.source(), n);
  std::memcpy(ip + in.addresses_at() + n, to_sender ? in.source() : in.destination(), n);
  if (in.v6) {
    ip[0] = 0x60;
    store_be16(ip + 4, static_cast<std::uint16_t>(length));
    ip[6] = protocol;
    ip[7] = 64;
  } else {
    ip[0] = 0x45;
    store_be16(ip + 2, static_cast<std::uint16_t>(kIpv4 + length));
    store_be16(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = protocol;
    store_be16(ip + 10, folded(sum(ip, kIpv4)));
  }
  return ip_at + ip_size;
}

std::uint16_t transport_sum(const Parsed& in, const Byte* ip, std::uint8_t protocol, const Byte* data,
                            std::size_t size) {
  const std::uint32_t pseudo =
      sum(ip + in.addresses_at(), in.address_size() * 2) + protocol + static_cast<std::uint32_t>(size);
  return folded(sum(data, size, pseudo));
}

bool reset(const RawPacket& packet, const Parsed& in, bool to_sender, std::vector<Byte>& out) {
  const ByteSpan tcp = in.payload();
  if (tcp.size() < kTcp || (tcp[13] & kRst) != 0) return false;
  const std::size_t at = begin(packet, in, to_sender, kProtoTcp, kTcp, out);
  Byte* to = &out[at];
  std::memcpy(to, &tcp[to_sender ? 2 : 0], 2);
  std::memcpy(to + 2, &tcp[to_sender ? 0 : 2], 2);
  to[12] = kTcp / 4 << 4;
  const std::size_t offset = std::size_t{tcp[12]} >> 4 << 2;
  const std::size_t datagram = in.v6 ? kIpv6 + load_be16(&in.ip[4]) : load_be16(&in.ip[2]);
  // A super-packet's length field may be that of one segment, or zero.
  const std::size_t whole = packet.gso_segment_size != 0 ? in.ip.size() : std::min(datagram, in.ip.size());
  const std::size_t data = whole > in.header + offset ? whole - in.header - offset : 0;
  const bool acknowledges = (tcp[13] & kAck) != 0;
  if (!to_sender) {
    std::memcpy(to + 4, &tcp[4], 8);
    to[13] = static_cast<Byte>(kRst | (acknowledges ? kAck : 0));
    if (!acknowledges) store_be32(to + 8, 0);
    if ((tcp[13] & kSyn) != 0 && !acknowledges) return false;  // the receiver knows of no connection
  } else if (acknowledges) {
    std::memcpy(to + 4, &tcp[8], 4);
    to[13] = kRst;
  } else {
    const std::uint32_t numbers = ((tcp[13] & kSyn) != 0 ? 1U : 0U) + ((tcp[13] & kFin) != 0 ? 1U : 0U);
    store_be32(to + 8, load_be32(&tcp[4]) + static_cast<std::uint32_t>(data) + numbers);
    to[13] = kRst | kAck;
  }
  store_be16(to + 16, transport_sum(in, to - (in.v6 ? kIpv6 : kIpv4), kProtoTcp, to, kTcp));
  return true;
}

bool unreachable(const RawPacket& packet, const Parsed& in, std::vector<Byte>& out) {
  const ByteSpan payload = in.payload();
  if (in.protocol == kProtoIcmp) {
    // Errors are not answered; 8 and 13 are requests.
    if (payload.empty() || (payload[0] != 8 && payload[0] != 13)) return false;
  }
  if (in.protocol == kProtoIcmp6 && (payload.empty() || payload[0] != 128)) return false;
  const std::size_t quoted = std::min(in.v6 ? kQuoted6 : in.header - kIpv4 + kQuoted4, in.ip.size());
  const std::uint8_t protocol = in.v6 ? kProtoIcmp6 : kProtoIcmp;
  const std::size_t at = begin(packet, in, true, protocol, kIcmp + quoted, out);
  Byte* to = &out[at];
  to[0] = in.v6 ? 1 : 3;
  to[1] = in.v6 ? 1 : 13;
  std::memcpy(to + kIcmp, in.ip.data(), quoted);
  const std::uint16_t check =
      in.v6 ? transport_sum(in, to - kIpv6, protocol, to, kIcmp + quoted) : folded(sum(to, kIcmp + quoted));
  store_be16(to + 2, check);
  return true;
}

}  // namespace

bool reject_frame(const RawPacket& packet, bool to_sender, std::vector<Byte>& out) {
  Parsed in;
  if (!parse(packet, in)) return false;
  if (in.protocol == kProtoTcp) return reset(packet, in, to_sender, out);
  return to_sender && unreachable(packet, in, out);
}

}  // namespace bulkhead::io
