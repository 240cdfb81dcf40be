#include "rules/nft/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bulkhead::rules {

namespace {

using namespace std::chrono_literals;
constexpr auto kAnswerTimeout = 5s;
constexpr int kDumpTries = 4;
constexpr std::size_t kDeletesAtOnce = 256;
constexpr std::size_t kReceiveBuffer = std::size_t{8} << 20;
constexpr std::uint8_t kBeLiberal = 0x08;  // IP_CT_TCP_FLAG_BE_LIBERAL, of both directions where the kernel joined late

struct Tuple {
  FlowTuple flow;
  std::uint8_t icmp_type = 0, icmp_code = 0;
};

IpAddress read_address(const Attribute& v4, const Attribute& v6) {
  if (v4.value.size() == 4) return IpAddress::v4(v4.value.data());
  if (v6.value.size() == 16) return IpAddress::v6(v6.value.data());
  return {};
}

bool read_tuple(ByteSpan bytes, Tuple& out) {
  const ByteSpan ip = find_attribute(bytes, CTA_TUPLE_IP).value;
  const ByteSpan proto = find_attribute(bytes, CTA_TUPLE_PROTO).value;
  out.flow.source = read_address(find_attribute(ip, CTA_IP_V4_SRC), find_attribute(ip, CTA_IP_V6_SRC));
  out.flow.destination = read_address(find_attribute(ip, CTA_IP_V4_DST), find_attribute(ip, CTA_IP_V6_DST));
  out.flow.protocol = find_attribute(proto, CTA_PROTO_NUM).u8();
  out.flow.source_port = find_attribute(proto, CTA_PROTO_SRC_PORT).be16();
  out.flow.destination_port = find_attribute(proto, CTA_PROTO_DST_PORT).be16();
  if (out.flow.protocol == ip_proto::kIcmp) {
    out.icmp_type = find_attribute(proto, CTA_PROTO_ICMP_TYPE).u8();
    out.icmp_code = find_attribute(proto, CTA_PROTO_ICMP_CODE).u8();
  } else if (out.flow.protocol == ip_proto::kIcmpv6) {
    out.icmp_type = find_attribute(proto, CTA_PROTO_ICMPV6_TYPE).u8();
    out.icmp_code = find_attribute(proto, CTA_PROTO_ICMPV6_CODE).u8();
  }
  return out.flow.source.is_set() && out.flow.source.family() == out.flow.destination.family();
}

bool is_liberal(ByteSpan tcp, std::uint16_t direction) {
  return (find_attribute(tcp, direction).u8() & kBeLiberal) != 0;  // struct nf_ct_tcp_flags begins with the flags
}

void append_header(std::vector<Byte>& out, std::uint8_t message, std::uint16_t flags, std::uint32_t sequence,
                   std::uint8_t family) {
  nlmsghdr header{};
  header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | message);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  header.nlmsg_len = sizeof(nlmsghdr) + sizeof(nfgenmsg);
  nfgenmsg generic{};
  generic.nfgen_family = family;
  generic.version = NFNETLINK_V0;
  const auto* h = reinterpret_cast<const Byte*>(&header);
  out.insert(out.end(), h, h + sizeof header);
  const auto* g = reinterpret_cast<const Byte*>(&generic);
  out.insert(out.end(), g, g + sizeof generic);
}

std::int32_t answer_code(ByteSpan body) {
  std::int32_t code = 0;
  if (body.size() >= sizeof code) std::memcpy(&code, body.data(), sizeof code);
  return -code;
}

// Walks the messages of a datagram: visit(header, body) until it answers false.
template <typename Visit>
void each_message(ByteSpan bytes, Visit&& visit) {
  while (bytes.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) return;
    if (!visit(header, bytes.subspan(sizeof header, header.nlmsg_len - sizeof header))) return;
    bytes = bytes.subspan(std::min<std::size_t>((header.nlmsg_len + 3) & ~3U, bytes.size()));
  }
}

}  // namespace

bool decode_connection(ByteSpan attributes, Connection& out) {
  AttributeReader reader(attributes);
  Attribute attribute;
  Tuple opening, reply;
  bool has_opening = false, has_reply = false;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case CTA_TUPLE_ORIG:
        has_opening = read_tuple(attribute.value, opening);
        out.tuple = attribute.copy();
        break;
      case CTA_TUPLE_REPLY: has_reply = read_tuple(attribute.value, reply); break;
      case CTA_TUPLE_MASTER: out.master = attribute.copy(); break;
      case CTA_ZONE: out.zone = attribute.copy(); break;
      case CTA_ID: out.id = attribute.be32(); break;
      case CTA_PROTOINFO: {
        const ByteSpan tcp = find_attribute(attribute.value, CTA_PROTOINFO_TCP).value;
        out.picked_up =
            is_liberal(tcp, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL) && is_liberal(tcp, CTA_PROTOINFO_TCP_FLAGS_REPLY);
        break;
      }
      default: break;
    }
  }
  out.flow = opening.flow;
  out.flow.destination = reply.flow.source;
  out.flow.destination_port = has_ports(opening.flow.protocol) ? reply.flow.source_port : std::uint16_t{0};
  out.icmp_type = opening.icmp_type;
  out.icmp_code = opening.icmp_code;
  return has_opening && has_reply && !reader.broken();
}

void encode_delete(std::vector<Byte>& out, const Connection& connection, std::uint32_t sequence, bool acknowledge) {
  const std::size_t at = out.size();
  append_header(out, IPCTNL_MSG_CT_DELETE, acknowledge ? NLM_F_ACK : 0, sequence,
                connection.flow.source.is_v4() ? AF_INET : AF_INET6);
  AttributeWriter attributes(out);
  attributes.bytes(CTA_TUPLE_ORIG | NLA_F_NESTED, connection.tuple);
  if (!connection.zone.empty()) attributes.bytes(CTA_ZONE, connection.zone);
  attributes.be32(CTA_ID, connection.id);
  const auto length = static_cast<std::uint32_t>(out.size() - at);
  std::memcpy(&out[at], &length, sizeof length);
}

Result<ConntrackTable> ConntrackTable::open() {
  auto socket = netlink::NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return socket.error();
  if (auto status = socket->set_receive_buffer(kReceiveBuffer); !status) return status.error();
  return ConntrackTable(std::move(*socket));
}

Result<std::vector<Connection>> ConntrackTable::dump() {
  std::vector<Connection> out;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    out.clear();
    std::vector<Byte> request;
    const std::uint32_t sequence = sequence_++;
    append_header(request, IPCTNL_MSG_CT_GET, NLM_F_DUMP, sequence, AF_UNSPEC);
    if (auto status = socket_.send(request); !status) return status.error();
    bool done = false, lost = false;
    int code = 0;
    while (!done) {
      auto got = socket_.receive_into(datagram_, kAnswerTimeout);
      if (!got && got.error().code == ENOBUFS) {
        lost = true;
        break;
      }
      if (!got) return got.error();
      if (!*got) return Error{"dump", "connections", ETIMEDOUT, "the kernel did not answer"};
      each_message(datagram_.bytes, [&](const nlmsghdr& header, ByteSpan body) {
        if (header.nlmsg_seq != sequence) return true;
        if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
          code = header.nlmsg_type == NLMSG_ERROR ? answer_code(body) : 0;
          done = true;
          return false;
        }
        Connection connection;
        // A kind of connection that has no addresses of ours is not judged.
        if (body.size() >= sizeof(nfgenmsg) && decode_connection(body.subspan(sizeof(nfgenmsg)), connection)) {
          out.push_back(std::move(connection));
        }
        return true;
      });
    }
    if (code != 0) return errno_error("dump", "connections", code);
    if (!lost) return out;
  }
  return Error{"dump", "connections", ENOBUFS, "the kernel lost messages"};
}

Result<std::size_t> ConntrackTable::remove(const std::vector<Connection>& connections) {
  std::size_t removed = 0;
  for (std::size_t i = 0; i < connections.size(); i += kDeletesAtOnce) {
    const auto some = remove_some(&connections[i], std::min(kDeletesAtOnce, connections.size() - i));
    if (!some) return some;
    removed += *some;
  }
  return removed;
}

Result<std::size_t> ConntrackTable::remove_some(const Connection* first, std::size_t count) {
  std::vector<Byte> requests;
  const std::uint32_t begin = sequence_;
  for (std::size_t i = 0; i < count; ++i) encode_delete(requests, first[i], sequence_++, i + 1 == count);
  if (auto status = socket_.set_send_buffer(requests.size() * 2 + 65536); !status) return status.error();
  if (auto status = socket_.send(requests); !status) return status.error();
  std::size_t missing = 0;
  int refused = 0;
  for (bool done = false; !done;) {
    auto got = socket_.receive_into(datagram_, kAnswerTimeout);
    if (!got) return got.error();
    if (!*got) return Error{"delete", "connections", ETIMEDOUT, "the kernel did not answer"};
    each_message(datagram_.bytes, [&](const nlmsghdr& header, ByteSpan body) {
      if (header.nlmsg_type != NLMSG_ERROR || header.nlmsg_seq - begin >= count) return true;
      const int code = answer_code(body);
      if (code == ENOENT) ++missing;
      if (code != 0 && code != ENOENT) refused = code;
      done = done || header.nlmsg_seq == begin + count - 1;
      return true;
    });
  }
  if (refused != 0) return errno_error("delete", "connections", refused);
  return count - missing;
}

}  // namespace bulkhead::rules
