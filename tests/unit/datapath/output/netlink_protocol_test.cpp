#include "datapath/output/netlink_protocol.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include "sample_events.h"

namespace bulkhead::output {
namespace {

using namespace bulkhead::test;

std::vector<Byte> encoded(const event::Event& event, std::uint32_t sequence = 7) {
  NetlinkEncoder encoder;
  const ByteSpan bytes = encoder.encode(event, sequence);
  return {bytes.begin(), bytes.end()};
}

TEST(NetlinkProtocol, AlertRoundTrip) {
  event::AlertEvent alert = sample_alert();
  alert.header.interface_index = 9;
  const std::vector<Byte> bytes = encoded(alert);
  ASSERT_EQ(bytes.size() % 4, 0U);
  ByteSpan rest = bytes;
  NetlinkEvent e;
  ASSERT_EQ(decode(rest, e), DecodeError::kNone);
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(e.type, MessageType::kAlert);
  EXPECT_EQ(e.sequence, 7U);
  EXPECT_EQ(e.time, kSampleTime);
  EXPECT_EQ(e.flow_id, 2019293753285740U);
  EXPECT_EQ(e.tuple, alert.header.tuple);
  EXPECT_EQ(e.interface_index, 9U);
  EXPECT_EQ(e.vlan, (std::vector<std::uint16_t>{1, 10}));
  EXPECT_EQ(e.app_protocol, "http");
  EXPECT_EQ(e.sid, 5U);
  EXPECT_EQ(e.gid, 1U);
  EXPECT_EQ(e.rev, 3U);
  EXPECT_EQ(e.severity, 1U);
  EXPECT_EQ(e.message, "t \xc3\xa9 \"x\"");
  EXPECT_EQ(e.category, "Web Application Attack");
  EXPECT_TRUE(e.blocked);
  EXPECT_EQ(e.direction, Direction::kToClient);
}

TEST(NetlinkProtocol, BlockRoundTripWithIpv6) {
  event::BlockEvent block = sample_block();
  block.header.tuple.source = *IpAddress::parse("2001:db8::1");
  block.header.tuple.destination = *IpAddress::parse("2001:db8::2");
  const std::vector<Byte> bytes = encoded(block);
  ByteSpan rest = bytes;
  NetlinkEvent e;
  ASSERT_EQ(decode(rest, e), DecodeError::kNone);
  EXPECT_EQ(e.type, MessageType::kBlock);
  EXPECT_EQ(e.tuple, block.header.tuple);
  EXPECT_EQ(e.sid, 5U);
  EXPECT_EQ(e.block_action, "add");
  EXPECT_EQ(e.block_kind, "flow");
  EXPECT_EQ(e.reason, "alert 5");
  EXPECT_EQ(e.ttl_seconds, 300U);
  EXPECT_EQ(e.latency, std::chrono::microseconds(41));
  EXPECT_EQ(e.error, "none");
  EXPECT_FALSE(e.direction.has_value());
}

// The bytes themselves, as the README promises them to readers in other languages (little-endian host).
TEST(NetlinkProtocol, LayoutOnTheWire) {
  if constexpr (std::endian::native != std::endian::little)
    GTEST_SKIP() << "the expected bytes are those of a little-endian host";
  event::BlockEvent block;
  block.header.time.ns = 1;
  block.header.tuple = {*IpAddress::parse("1.2.3.4"), *IpAddress::parse("5.6.7.8"), 0x1234, 80, 6};
  block.header.has_tuple = block.header.has_ports = true;
  block.action = "add";
  block.kind = "flow";
  const std::vector<Byte> expected{112, 0, 0,  0,    0x21, 0,    0,   0, 2, 0, 0,  0,    0,   0,   0,   0,  // nlmsghdr
                                   1,   0, 0,  0,                                                           // version
                                   12,  0, 1,  0,    1,    0,    0,   0, 0, 0, 0,  0,                       // time
                                   8,   0, 3,  0,    1,    2,    3,   4, 8, 0, 4,  0,    5,   6,   7,   8,  // addresses
                                   5,   0, 7,  0,    6,    0,    0,   0,                                    // protocol
                                   6,   0, 5,  0x40, 0x12, 0x34, 0,   0, 6, 0, 6,  0x40, 0,   80,  0,   0,
                                   8,   0, 32, 0,    'a',  'd',  'd', 0, 9, 0, 33, 0,    'f', 'l', 'o', 'w',
                                   0,   0, 0,  0,    12,   0,    35,  0, 0, 0, 0,  0,    0,   0,   0,   0,
                                   12,  0, 36, 0,    0,    0,    0,   0, 0, 0, 0,  0};
  std::vector<Byte> want = expected;
  want[0] = static_cast<Byte>(want.size());
  EXPECT_EQ(encoded(block, 2), want);
}

TEST(NetlinkProtocol, OtherEventsHaveNoMessage) {
  EXPECT_TRUE(encoded(sample_flow()).empty());
  EXPECT_TRUE(encoded(sample_stats()).empty());
  EXPECT_TRUE(encoded(event::Event{}).empty());
  EXPECT_TRUE(encoded(event::AlertEvent{}).empty()) << "an alert without a rule";
}

TEST(NetlinkProtocol, LongAndOddTextIsCut) {
  auto signature = std::make_shared<event::SignatureInfo>();
  signature->message = std::string(5000, 'x');
  signature->category = std::string("a\0b", 3);
  event::AlertEvent alert;
  alert.signature = signature;
  const std::vector<Byte> bytes = encoded(alert);
  ByteSpan rest = bytes;
  NetlinkEvent e;
  ASSERT_EQ(decode(rest, e), DecodeError::kNone);
  EXPECT_EQ(e.message, std::string(kMaxText, 'x'));
  EXPECT_EQ(e.category, "a");
}

TEST(NetlinkProtocol, UnknownAttributesAreSkipped) {
  std::vector<Byte> bytes = encoded(sample_block());
  const std::vector<Byte> extra{7, 0, 0xff, 0x03, 1, 2, 3, 0};
  bytes.insert(bytes.end(), extra.begin(), extra.end());
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(bytes.data(), &length, 4);
  ByteSpan rest = bytes;
  NetlinkEvent e;
  EXPECT_EQ(decode(rest, e), DecodeError::kNone);
  EXPECT_EQ(e.block_kind, "flow");
}

TEST(NetlinkProtocol, SeveralMessagesInOneDatagram) {
  std::vector<Byte> bytes = encoded(sample_block(), 1);
  const std::vector<Byte> second = encoded(sample_alert(), 2);
  bytes.insert(bytes.end(), second.begin(), second.end());
  ByteSpan rest = bytes;
  NetlinkEvent e;
  ASSERT_EQ(decode(rest, e), DecodeError::kNone);
  EXPECT_EQ(e.type, MessageType::kBlock);
  ASSERT_EQ(decode(rest, e), DecodeError::kNone);
  EXPECT_EQ(e.type, MessageType::kAlert);
  EXPECT_EQ(e.block_kind, "") << "nothing is left from the message before";
  EXPECT_TRUE(rest.empty());
}

TEST(NetlinkProtocol, EachErrorHasItsCase) {
  const std::vector<Byte> good = encoded(sample_alert());
  const auto outcome = [](std::vector<Byte> bytes) {
    ByteSpan rest = bytes;
    NetlinkEvent e;
    const DecodeError error = decode(rest, e);
    EXPECT_TRUE(rest.empty());
    return error;
  };
  EXPECT_EQ(outcome({}), DecodeError::kTruncated);
  EXPECT_EQ(outcome({good.begin(), good.end() - 4}), DecodeError::kTruncated);
  auto bytes = good;
  bytes[0] = 15;
  bytes[1] = 0;
  EXPECT_EQ(outcome(bytes), DecodeError::kTruncated) << "a message shorter than its header";
  bytes = good;
  bytes[16] = kProtocolVersion + 1;
  EXPECT_EQ(outcome(bytes), DecodeError::kVersion);
  bytes = good;
  bytes[4] = 3;
  EXPECT_EQ(outcome(bytes), DecodeError::kUnknownType);
  bytes = good;
  bytes[20] = 2;
  EXPECT_EQ(outcome(bytes), DecodeError::kTruncated) << "an attribute shorter than its header";
  bytes = good;
  bytes[20] = 11;
  EXPECT_EQ(outcome(bytes), DecodeError::kAttributeSize);
}

TEST(NetlinkProtocol, CutOrChangedAnywhereIsNeverReadOutside) {
  const std::vector<Byte> good = encoded(sample_alert());
  NetlinkEvent e;
  for (std::size_t i = 0; i < good.size(); ++i) {
    const std::vector<Byte> part(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(i));
    ByteSpan rest = part;
    EXPECT_NE(decode(rest, e), DecodeError::kNone);
    for (const int change : {1, 0x80, 0xff}) {
      std::vector<Byte> bytes = good;
      bytes[i] = static_cast<Byte>(bytes[i] ^ change);
      rest = bytes;
      while (!rest.empty()) static_cast<void>(decode(rest, e));
    }
  }
}

}  // namespace
}  // namespace bulkhead::output
