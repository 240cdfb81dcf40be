#include "datapath/pipeline/dispatch.h"

#include <algorithm>

#include "datapath/base/byte_reader.h"
#include "datapath/base/flow_key.h"

namespace bulkhead::pipeline {

namespace {

std::uint64_t pair_hash(const IpAddress& a, const IpAddress& b) {
  FlowTuple tuple;
  tuple.source = a;
  tuple.destination = b;
  return FlowKey::from(tuple).hash(0x64697370);
}

bool is_icmp_error(std::uint8_t type) {
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

std::uint64_t hash_ipv4(ByteSpan ip) {
  if (ip.size() < 20) return 0;
  const std::size_t header = static_cast<std::size_t>(ip[0] & 15) * 4;
  const IpAddress source = IpAddress::v4(&ip[12]);
  const IpAddress destination = IpAddress::v4(&ip[16]);
  // An ICMP error goes with the flow it quotes.
  if (ip[9] == ip_proto::kIcmp && header >= 20 && ip.size() >= header + 28 && is_icmp_error(ip[header]) &&
      (ip[header + 8] >> 4) == 4) {
    return pair_hash(IpAddress::v4(&ip[header + 20]), IpAddress::v4(&ip[header + 24]));
  }
  return pair_hash(source, destination);
}

std::uint64_t hash_ipv6(ByteSpan ip) {
  if (ip.size() < 40) return 0;
  if (ip[6] == ip_proto::kIcmpv6 && ip.size() >= 40 + 8 + 40 && ip[40] < 128 && (ip[48] >> 4) == 6) {
    return pair_hash(IpAddress::v6(&ip[56]), IpAddress::v6(&ip[72]));
  }
  return pair_hash(IpAddress::v6(&ip[8]), IpAddress::v6(&ip[24]));
}

std::uint64_t hash_ip(ByteSpan ip) {
  if (ip.empty()) return 0;
  if ((ip[0] >> 4) == 4) return hash_ipv4(ip);
  if ((ip[0] >> 4) == 6) return hash_ipv6(ip);
  return 0;
}

std::uint64_t hash_ethernet(ByteSpan frame, std::size_t type_at) {
  while (frame.size() >= type_at + 2) {
    const std::uint16_t type = load_be16(&frame[type_at]);
    switch (type) {
      case 0x0800:
      case 0x86dd: return hash_ip(frame.subspan(type_at + 2));
      case 0x8100:
      case 0x88a8:
      case 0x9100: type_at += 4; continue;
      case 0x8864: return frame.size() > type_at + 10 ? hash_ip(frame.subspan(type_at + 10)) : 0;
      case 0x8847: {  // MPLS: labels up to the bottom of the stack
        std::size_t at = type_at + 2;
        while (frame.size() >= at + 4 && (frame[at + 2] & 1) == 0) at += 4;
        return frame.size() > at + 4 ? hash_ip(frame.subspan(at + 4)) : 0;
      }
      default: return 0;
    }
  }
  return 0;
}

}  // namespace

std::uint64_t dispatch_hash(const io::RawPacket& raw) {
  const ByteSpan frame = raw.bytes();
  const auto from = [&](std::size_t offset) { return frame.size() > offset ? hash_ip(frame.subspan(offset)) : 0; };
  switch (raw.link_type) {
    case io::LinkType::kEthernet: return hash_ethernet(frame, 12);
    case io::LinkType::kLinuxSll: return hash_ethernet(frame, 14);
    case io::LinkType::kLinuxSll2: return from(20);
    case io::LinkType::kRaw:
    case io::LinkType::kRawOld:
    case io::LinkType::kIpv4:
    case io::LinkType::kIpv6: return from(0);
    case io::LinkType::kNull:
    case io::LinkType::kLoop: return from(4);
    case io::LinkType::kPpp: return from(!frame.empty() && frame[0] == 0xff ? 4 : 2);
  }
  return 0;
}

}  // namespace bulkhead::pipeline
