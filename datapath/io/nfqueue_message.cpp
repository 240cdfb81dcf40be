#include "datapath/io/nfqueue_message.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>

#include <charconv>
#include <cstring>

#include "datapath/base/big_endian.h"
#include "datapath/netlink/attributes.h"

namespace bulkhead::io {

namespace {

using netlink::Attribute;
using netlink::AttributeReader;
using netlink::AttributeWriter;

std::size_t open_message(std::vector<Byte>& out, std::uint8_t message, std::uint16_t queue, std::uint16_t flags,
                         std::uint32_t sequence) {
  const std::size_t at = out.size();
  nlmsghdr header{};
  header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | message);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  nfgenmsg generic{};
  generic.nfgen_family = AF_UNSPEC;
  generic.version = NFNETLINK_V0;
  generic.res_id = htons(queue);
  out.resize(at + sizeof header + sizeof generic);
  std::memcpy(&out[at], &header, sizeof header);
  std::memcpy(&out[at + sizeof header], &generic, sizeof generic);
  return at;
}

void close_message(std::vector<Byte>& out, std::size_t at) {
  const auto length = static_cast<std::uint32_t>(out.size() - at);
  std::memcpy(&out[at], &length, sizeof length);
}

void append_command(std::vector<Byte>& out, std::uint8_t command, std::uint16_t queue, std::uint32_t sequence) {
  const std::size_t at = open_message(out, NFQNL_MSG_CONFIG, queue, NLM_F_ACK, sequence);
  nfqnl_msg_config_cmd body{};
  body.command = command;
  body.pf = htons(AF_UNSPEC);
  AttributeWriter(out).bytes(NFQA_CFG_CMD, &body, sizeof body);
  close_message(out, at);
}

Timestamp read_time(ByteSpan value) {
  const std::uint64_t seconds = load_be64(value.data());
  const std::uint64_t micros = load_be64(value.data() + 8);
  return {static_cast<std::int64_t>(seconds * 1'000'000'000 + micros * 1'000)};
}

}  // namespace

bool parse_queued_packet(ByteSpan body, QueuedPacket& out) {
  if (body.size() < sizeof(nfgenmsg)) return false;
  out = {};
  bool has_header = false;
  std::uint32_t in = 0, in_port = 0, out_plain = 0, out_port = 0;
  AttributeReader reader(body.subspan(sizeof(nfgenmsg)));
  Attribute attribute;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case NFQA_PACKET_HDR:
        if (attribute.value.size() < sizeof(nfqnl_msg_packet_hdr)) return false;
        has_header = true;
        out.id = load_be32(attribute.value.data());
        out.ether_type = load_be16(attribute.value.data() + 4);
        out.hook = attribute.value[6];
        break;
      case NFQA_MARK: out.mark = attribute.be32(); break;
      case NFQA_TIMESTAMP:
        if (attribute.value.size() >= 16) out.time = read_time(attribute.value);
        break;
      case NFQA_IFINDEX_INDEV: in = attribute.be32(); break;
      case NFQA_IFINDEX_PHYSINDEV: in_port = attribute.be32(); break;
      case NFQA_IFINDEX_OUTDEV: out_plain = attribute.be32(); break;
      case NFQA_IFINDEX_PHYSOUTDEV: out_port = attribute.be32(); break;
      case NFQA_PAYLOAD: out.payload = attribute.value; break;
      case NFQA_CAP_LEN: out.wire_length = attribute.be32(); break;
      case NFQA_SKB_INFO: {
        const std::uint32_t flags = attribute.be32();
        out.super_packet = (flags & NFQA_SKB_GSO) != 0;
        if ((flags & NFQA_SKB_CSUMNOTREADY) != 0) out.checksum = ChecksumState::kPartial;
        break;
      }
      default: break;
    }
  }
  out.in_interface = in_port != 0 ? in_port : in;
  out.out_interface = out_port != 0 ? out_port : out_plain;
  if (out.wire_length < out.payload.size()) out.wire_length = static_cast<std::uint32_t>(out.payload.size());
  return has_header && !reader.broken();
}

void append_bind(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t sequence) {
  append_command(out, NFQNL_CFG_CMD_BIND, queue, sequence);
}
void append_unbind(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t sequence) {
  append_command(out, NFQNL_CFG_CMD_UNBIND, queue, sequence);
}

void append_parameters(std::vector<Byte>& out, const NfqueueSettings& settings, std::uint32_t sequence) {
  const std::size_t at = open_message(out, NFQNL_MSG_CONFIG, settings.queue, NLM_F_ACK, sequence);
  AttributeWriter attributes(out);
  nfqnl_msg_config_params parameters{};
  parameters.copy_range = htonl(0xffff);  // the whole packet
  parameters.copy_mode = NFQNL_COPY_PACKET;
  attributes.bytes(NFQA_CFG_PARAMS, &parameters, sizeof parameters);
  attributes.be32(NFQA_CFG_QUEUE_MAXLEN, settings.max_packets);
  constexpr std::uint32_t kMask = NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN;
  attributes.be32(NFQA_CFG_MASK, kMask);
  attributes.be32(NFQA_CFG_FLAGS, NFQA_CFG_F_GSO | (settings.fail_open ? std::uint32_t{NFQA_CFG_F_FAIL_OPEN} : 0));
  close_message(out, at);
}

void append_verdict(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t id, std::uint32_t verdict,
                    std::optional<std::uint32_t> mark, ByteSpan payload) {
  const std::size_t at = open_message(out, NFQNL_MSG_VERDICT, queue, 0, 0);
  AttributeWriter attributes(out);
  const nfqnl_msg_verdict_hdr header{htonl(verdict), htonl(id)};
  attributes.bytes(NFQA_VERDICT_HDR, &header, sizeof header);
  if (mark) attributes.be32(NFQA_MARK, *mark);
  if (!payload.empty()) attributes.bytes(NFQA_PAYLOAD, payload.data(), payload.size());
  close_message(out, at);
}

void append_batch_accept(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t last_id) {
  const std::size_t at = open_message(out, NFQNL_MSG_VERDICT_BATCH, queue, 0, 0);
  const nfqnl_msg_verdict_hdr header{htonl(NF_ACCEPT), htonl(last_id)};
  AttributeWriter(out).bytes(NFQA_VERDICT_HDR, &header, sizeof header);
  close_message(out, at);
}

// Columns: queue, port of the reader, waiting, copy mode, copy range, queue dropped, user dropped, id, 1.
std::optional<QueueCounts> parse_queue_counts(std::string_view text, std::uint16_t queue) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::uint64_t columns[7] = {};
    std::size_t found = 0;
    while (found < 7) {
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), columns[found]);
      if (error != std::errc{}) break;
      line.remove_prefix(static_cast<std::size_t>(end - line.data()));
      ++found;
    }
    if (found == 7 && columns[0] == queue) return QueueCounts{columns[2], columns[5], columns[6]};
  }
  return std::nullopt;
}

}  // namespace bulkhead::io
