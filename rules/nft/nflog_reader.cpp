#include "rules/nft/nflog_reader.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "rules/nft/attributes.h"

namespace bulkhead::rules {

namespace {

using namespace std::chrono_literals;
constexpr auto kAnswerTimeout = 2s;
constexpr std::size_t kMacPair = 12;  // both addresses of an Ethernet header
constexpr std::uint16_t kConfig = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
constexpr std::uint16_t kPacket = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;

Bytes config_message(std::uint16_t group) {
  Bytes out(sizeof(nlmsghdr) + sizeof(nfgenmsg));
  nlmsghdr header{};
  header.nlmsg_type = kConfig;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  nfgenmsg generic{};
  generic.res_id = htons(group);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &generic, sizeof generic);
  return out;
}

void set_length(Bytes& message) {
  const auto length = static_cast<std::uint32_t>(message.size());
  std::memcpy(message.data(), &length, sizeof length);
}

// Both addresses, the tag that the kernel keeps beside the packet, the type, the payload.
Bytes frame_of(ByteSpan link, const Attribute& vlan, ByteSpan payload) {
  Bytes out;
  const bool tagged = vlan.type == NFULA_VLAN && link.size() >= kMacPair;
  const std::size_t head = tagged ? kMacPair : link.size();
  out.insert(out.end(), link.begin(), link.begin() + static_cast<std::ptrdiff_t>(head));
  if (tagged) {
    Byte tag[4];
    store_be16(tag, find_attribute(vlan.value, NFULA_VLAN_PROTO).be16());
    store_be16(tag + 2, find_attribute(vlan.value, NFULA_VLAN_TCI).be16());
    out.insert(out.end(), tag, tag + sizeof tag);
    out.insert(out.end(), link.begin() + kMacPair, link.end());
  }
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

bool parse_record(ByteSpan attributes, NflogRecord& out) {
  AttributeReader reader(attributes);
  Attribute attribute, vlan;
  ByteSpan link, payload;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case NFULA_PREFIX: out.prefix = attribute.text(); break;
      case NFULA_IFINDEX_INDEV: out.in_index = attribute.be32(); break;
      case NFULA_TIMESTAMP:
        if (attribute.value.size() >= 16) {
          const auto seconds = static_cast<std::int64_t>(load_be64(attribute.value.data()));
          const auto micros = static_cast<std::int64_t>(load_be64(attribute.value.data() + 8));
          if (seconds > 0 && seconds < 8'000'000'000 && micros >= 0 && micros < 1'000'000) {
            out.time = Timestamp{seconds * 1'000'000'000 + micros * 1000};
          }
        }
        break;
      case NFULA_HWHEADER:
        if (link.empty()) link = attribute.value;
        break;
      case NFULA_L2HDR: link = attribute.value; break;
      case NFULA_VLAN: vlan = attribute; break;
      case NFULA_PAYLOAD: payload = attribute.value; break;
      default: break;
    }
  }
  out.frame = frame_of(link, vlan, payload);
  return !reader.broken();
}

}  // namespace

bool parse_nflog(ByteSpan datagram, std::vector<NflogRecord>& out) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return false;
    if (header.nlmsg_type == kPacket) {
      if (header.nlmsg_len < sizeof header + sizeof(nfgenmsg)) return false;
      NflogRecord record;
      constexpr std::size_t kHead = sizeof(nlmsghdr) + sizeof(nfgenmsg);
      if (!parse_record(datagram.subspan(kHead, header.nlmsg_len - kHead), record)) return false;
      out.push_back(std::move(record));
    } else if (header.nlmsg_type != NLMSG_DONE && header.nlmsg_type != NLMSG_NOOP) {
      return false;
    }
    datagram =
        datagram.subspan(std::min<std::size_t>((std::size_t{header.nlmsg_len} + 3) & ~std::size_t{3}, datagram.size()));
  }
  return datagram.empty();
}

std::vector<Bytes> nflog_bind_messages(std::uint16_t group, std::uint32_t snaplen) {
  std::vector<Bytes> out;
  nfulnl_msg_config_cmd command{};
  command.command = NFULNL_CFG_CMD_BIND;
  out.push_back(config_message(group));
  AttributeWriter(out.back()).bytes(NFULA_CFG_CMD, &command, sizeof command);
  nfulnl_msg_config_mode mode{};
  mode.copy_range = htonl(snaplen);
  mode.copy_mode = NFULNL_COPY_PACKET;
  out.push_back(config_message(group));
  AttributeWriter writer(out.back());
  writer.bytes(NFULA_CFG_MODE, &mode, sizeof mode);
  writer.be32(NFULA_CFG_QTHRESH, 1);  // each record at once: the rules limit how many there are
  for (Bytes& message : out) set_length(message);
  return out;
}

Result<std::unique_ptr<NflogReader>> NflogReader::open(std::uint16_t group, std::uint32_t snaplen) {
  auto socket = netlink::NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return socket.error();
  std::unique_ptr<NflogReader> reader(new NflogReader(std::move(*socket)));
  const std::string object = "nflog group " + std::to_string(group);
  for (const Bytes& message : nflog_bind_messages(group, snaplen)) {
    if (auto sent = reader->socket_.send(message); !sent) return sent.error();
    auto answer = reader->socket_.receive(kAnswerTimeout);
    if (!answer) return answer.error();
    if (!*answer) return Error{"bind", object, ETIMEDOUT, "the kernel did not answer"};
    std::int32_t code = 0;
    if ((*answer)->bytes.size() < sizeof(nlmsghdr) + sizeof code) return Error{"bind", object, EPROTO, "short answer"};
    std::memcpy(&code, (*answer)->bytes.data() + sizeof(nlmsghdr), sizeof code);
    if (code == -EPERM) return Error{"bind", object, EPERM, "another program reads it, or CAP_NET_ADMIN is missing"};
    if (code != 0) return errno_error("bind", object, -code);
  }
  return reader;
}

Result<std::vector<NflogRecord>> NflogReader::read(std::chrono::milliseconds timeout) {
  std::vector<NflogRecord> out;
  for (;;) {
    auto got = socket_.receive_into(datagram_, out.empty() ? timeout : 0ms);
    if (!got) {
      if (got.error().code != ENOBUFS) return got.error();
      ++lost_;
      continue;
    }
    if (!*got) return out;
    if (!parse_nflog(datagram_.bytes, out)) ++broken_;
  }
}

}  // namespace bulkhead::rules
