#include "rules/nft/conntrack.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <fstream>
#include <iterator>

namespace bulkhead::rules {
namespace {

// Entries as a kernel wrote them (see tests/fuzz/corpus/conntrack).
std::vector<Byte> recorded(const std::string& name) {
  std::ifstream file(std::string(BULKHEAD_SOURCE_DIR) + "/tests/fuzz/corpus/conntrack/" + name, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  return {bytes.begin(), bytes.end()};
}

TEST(Conntrack, ReadsTheDestinationBehindTheTranslation) {
  Connection c;
  ASSERT_TRUE(decode_connection(recorded("entry0"), c));
  EXPECT_EQ(c.flow.source, *IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(c.flow.destination, *IpAddress::parse("127.0.0.1")) << "was 127.0.0.9:80 when it left";
  EXPECT_EQ(c.flow.destination_port, 8080);
  EXPECT_EQ(c.flow.source_port, 52196);
  EXPECT_EQ(c.flow.protocol, ip_proto::kTcp);
  EXPECT_FALSE(c.picked_up);
  EXPECT_NE(c.id, 0U);
}

TEST(Conntrack, ReadsIpv6AndEchoes) {
  Connection udp, echo;
  ASSERT_TRUE(decode_connection(recorded("entry1"), udp));
  EXPECT_EQ(udp.flow.destination, *IpAddress::parse("::1"));
  EXPECT_EQ(udp.flow.protocol, ip_proto::kUdp);
  EXPECT_EQ(udp.flow.destination_port, 5300);
  ASSERT_TRUE(decode_connection(recorded("entry2"), echo));
  EXPECT_EQ(echo.flow.protocol, ip_proto::kIcmp);
  EXPECT_EQ(echo.icmp_type, 8);
  EXPECT_EQ(echo.flow.destination_port, 0);
}

TEST(Conntrack, BrokenAttributesAreNoConnection) {
  Connection c;
  EXPECT_FALSE(decode_connection(recorded("cut"), c));
  EXPECT_FALSE(decode_connection({}, c));
}

TEST(Conntrack, LateJoinedConnectionsAreMarked) {
  std::vector<Byte> bytes = recorded("entry0");
  AttributeWriter out(bytes);
  const std::size_t info = out.open(CTA_PROTOINFO);
  const std::size_t tcp = out.open(CTA_PROTOINFO_TCP);
  const Byte liberal[2] = {0x08, 0};
  out.bytes(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, liberal, 2);
  out.bytes(CTA_PROTOINFO_TCP_FLAGS_REPLY, liberal, 2);
  out.close(tcp);
  out.close(info);
  Connection c;
  ASSERT_TRUE(decode_connection(bytes, c));
  EXPECT_TRUE(c.picked_up);
}

TEST(Conntrack, ADeletionNamesTheConnectionAsTheKernelDid) {
  Connection c;
  ASSERT_TRUE(decode_connection(recorded("entry1"), c));
  std::vector<Byte> message;
  encode_delete(message, c, 77, true);
  const ByteSpan attributes = ByteSpan(message).subspan(20);
  EXPECT_EQ(find_attribute(attributes, CTA_TUPLE_ORIG).copy(), c.tuple);
  EXPECT_EQ(find_attribute(attributes, CTA_ID).be32(), c.id);
  EXPECT_TRUE(find_attribute(attributes, CTA_ZONE).value.empty());
}

}  // namespace
}  // namespace bulkhead::rules
