#include "datapath/io/nfqueue_message.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>

#include <cstring>

#include "datapath/base/big_endian.h"
#include "datapath/netlink/attributes.h"

namespace bulkhead::io {
namespace {

using netlink::AttributeWriter;
using netlink::find_attribute;

// A message body as the kernel writes it: nfgenmsg, then attributes.
struct Body {
  std::vector<Byte> bytes = std::vector<Byte>(sizeof(nfgenmsg), 0);

  AttributeWriter attributes() { return AttributeWriter(bytes); }
  Body& header(std::uint32_t id) {
    Byte value[8] = {0, 0, 0, 0, 0x08, 0x00, NF_INET_FORWARD, 0};
    store_be32(value, id);
    attributes().bytes(NFQA_PACKET_HDR, value, 7);
    return *this;
  }
  Body& payload(std::size_t size) {
    attributes().bytes(NFQA_PAYLOAD, std::vector<Byte>(size, 0x45));
    return *this;
  }
};

struct Message {
  nlmsghdr header{};
  std::uint16_t queue = 0;
  ByteSpan attributes;
};

// The messages in a buffer of several.
std::vector<Message> split(const std::vector<Byte>& bytes) {
  std::vector<Message> out;
  for (std::size_t at = 0; at + sizeof(nlmsghdr) + sizeof(nfgenmsg) <= bytes.size();) {
    Message message;
    std::memcpy(&message.header, &bytes[at], sizeof message.header);
    message.queue = load_be16(&bytes[at + sizeof(nlmsghdr) + 2]);
    message.attributes = ByteSpan(bytes).subspan(at + sizeof(nlmsghdr) + sizeof(nfgenmsg),
                                                 message.header.nlmsg_len - sizeof(nlmsghdr) - sizeof(nfgenmsg));
    out.push_back(message);
    at += message.header.nlmsg_len;
  }
  return out;
}

TEST(NfqueueMessage, ReadsAPacket) {
  Body body;
  body.header(77).payload(40);
  body.attributes().be32(NFQA_MARK, 0x01000005);
  body.attributes().be32(NFQA_IFINDEX_INDEV, 3);
  body.attributes().be32(NFQA_IFINDEX_PHYSINDEV, 9);
  body.attributes().be32(NFQA_IFINDEX_OUTDEV, 4);
  Byte time[16] = {};
  store_be32(time + 4, 1700000000);
  store_be32(time + 12, 250);
  body.attributes().bytes(NFQA_TIMESTAMP, time, sizeof time);
  QueuedPacket packet;
  ASSERT_TRUE(parse_queued_packet(body.bytes, packet));
  EXPECT_EQ(packet.id, 77U);
  EXPECT_EQ(packet.ether_type, 0x0800);
  EXPECT_EQ(packet.hook, NF_INET_FORWARD);
  EXPECT_EQ(packet.mark, 0x01000005U);
  EXPECT_EQ(packet.in_interface, 9U) << "the bridge's port, not the bridge";
  EXPECT_EQ(packet.out_interface, 4U);
  EXPECT_EQ(packet.payload.size(), 40U);
  EXPECT_EQ(packet.wire_length, 40U);
  ASSERT_TRUE(packet.time.has_value());
  EXPECT_EQ(packet.time->ns, 1700000000'000250000);
  EXPECT_FALSE(packet.super_packet);
  EXPECT_EQ(packet.checksum, ChecksumState::kUnknown);
}

TEST(NfqueueMessage, ReadsWhatTheKernelSaysOfTheBuffer) {
  Body body;
  body.header(1).payload(20);
  body.attributes().be32(NFQA_SKB_INFO, NFQA_SKB_GSO | NFQA_SKB_CSUMNOTREADY);
  body.attributes().be32(NFQA_CAP_LEN, 65000);
  QueuedPacket packet;
  ASSERT_TRUE(parse_queued_packet(body.bytes, packet));
  EXPECT_TRUE(packet.super_packet);
  EXPECT_EQ(packet.checksum, ChecksumState::kPartial);
  EXPECT_EQ(packet.wire_length, 65000U) << "the kernel has cut it";
}

TEST(NfqueueMessage, RefusesBrokenMessages) {
  QueuedPacket packet;
  EXPECT_FALSE(parse_queued_packet({}, packet));
  Body no_header;
  no_header.payload(20);
  EXPECT_FALSE(parse_queued_packet(no_header.bytes, packet));
  Body short_header;
  short_header.attributes().be32(NFQA_PACKET_HDR, 1);
  EXPECT_FALSE(parse_queued_packet(short_header.bytes, packet));
  Body cut;
  cut.header(1).payload(20);
  cut.bytes.resize(cut.bytes.size() - 8);
  EXPECT_FALSE(parse_queued_packet(cut.bytes, packet));
}

TEST(NfqueueMessage, ConfiguresWithAnAnswer) {
  std::vector<Byte> bytes;
  append_bind(bytes, 5, 11);
  NfqueueSettings settings;
  settings.queue = 5;
  settings.max_packets = 1000;
  settings.fail_open = false;
  append_parameters(bytes, settings, 12);
  const auto messages = split(bytes);
  ASSERT_EQ(messages.size(), 2U);
  for (const Message& message : messages) {
    EXPECT_EQ(message.header.nlmsg_type, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG);
    EXPECT_NE(message.header.nlmsg_flags & NLM_F_ACK, 0);
    EXPECT_EQ(message.queue, 5);
  }
  EXPECT_EQ(find_attribute(messages[0].attributes, NFQA_CFG_CMD).u8(), NFQNL_CFG_CMD_BIND);
  EXPECT_EQ(messages[1].header.nlmsg_seq, 12U);
  EXPECT_EQ(find_attribute(messages[1].attributes, NFQA_CFG_QUEUE_MAXLEN).be32(), 1000U);
  EXPECT_EQ(find_attribute(messages[1].attributes, NFQA_CFG_FLAGS).be32(), std::uint32_t{NFQA_CFG_F_GSO});
  EXPECT_EQ(find_attribute(messages[1].attributes, NFQA_CFG_MASK).be32(),
            std::uint32_t{NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN});
}

TEST(NfqueueMessage, WritesVerdicts) {
  std::vector<Byte> bytes;
  append_verdict(bytes, 2, 7, NF_DROP, std::nullopt, {});
  const Byte content[] = {1, 2, 3, 4, 5};
  append_verdict(bytes, 2, 8, NF_ACCEPT, 0x02000000, content);
  append_batch_accept(bytes, 2, 9);
  const auto messages = split(bytes);
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0].header.nlmsg_type, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT);
  EXPECT_EQ(messages[2].header.nlmsg_type, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH);
  const auto verdict = [](const Message& message) {
    const ByteSpan value = find_attribute(message.attributes, NFQA_VERDICT_HDR).value;
    return std::pair(load_be32(value.data()), load_be32(value.data() + 4));
  };
  EXPECT_EQ(verdict(messages[0]), std::pair(std::uint32_t{NF_DROP}, 7U));
  EXPECT_EQ(verdict(messages[1]), std::pair(std::uint32_t{NF_ACCEPT}, 8U));
  EXPECT_EQ(verdict(messages[2]), std::pair(std::uint32_t{NF_ACCEPT}, 9U));
  EXPECT_TRUE(find_attribute(messages[0].attributes, NFQA_MARK).value.empty());
  EXPECT_EQ(find_attribute(messages[1].attributes, NFQA_MARK).be32(), 0x02000000U);
  EXPECT_EQ(find_attribute(messages[1].attributes, NFQA_PAYLOAD).copy(), (std::vector<Byte>{1, 2, 3, 4, 5}));
}

TEST(NfqueueMessage, ReadsTheFiguresOfTheQueues) {
  const char* text =
      "    0  31200     0 2 65531     0     0        0  1\n"
      "    4   1234    17 2 65535   250     3   123456  1\n";
  const auto counts = parse_queue_counts(text, 4);
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->waiting, 17U);
  EXPECT_EQ(counts->full, 250U);
  EXPECT_EQ(counts->lost, 3U);
  EXPECT_FALSE(parse_queue_counts(text, 5).has_value());
  EXPECT_FALSE(parse_queue_counts("nothing like it\n", 0).has_value());
  EXPECT_FALSE(parse_queue_counts("", 0).has_value());
}

}  // namespace
}  // namespace bulkhead::io
