// rpc, asn1, checksums, l3_proto, flow.age, icmpv6.mtu, iprep, geoip, flowvar, pktvar: what they take and what holds.
#include <gtest/gtest.h>

#include <string>

#include "datapath/base/big_endian.h"
#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using decode::PacketView;
using test::Built;

bool holds(const std::string& options, const PacketView& packet) {
  Built built(options);
  EXPECT_TRUE(built.fine()) << options << " " << built.place();
  return built.fine() && built.holds(packet);
}
std::string place(const std::string& options) {
  return Built(options).place();
}

TEST(MoreConditions, Checksums) {
  PacketView p;
  p.family = IpFamily::kV4;
  p.has_tcp = true;
  EXPECT_TRUE(holds("tcpv4-csum:valid;", p));
  EXPECT_FALSE(holds("tcpv4-csum:invalid;", p));
  EXPECT_FALSE(holds("tcpv6-csum:valid;", p));
  EXPECT_FALSE(holds("udpv4-csum:valid;", p));
  p.l4_checksum_bad = true;
  EXPECT_TRUE(holds("tcpv4-csum:INVALID;", p));
  EXPECT_TRUE(holds("ipv4-csum:valid;", p));
  p.ip_checksum_bad = true;
  EXPECT_TRUE(holds("ipv4-csum:invalid;", p));
  p = PacketView();
  p.family = IpFamily::kV6;
  p.has_udp = p.has_icmpv6 = true;
  EXPECT_TRUE(holds("udpv6-csum:valid;", p));
  EXPECT_TRUE(holds("icmpv6-csum:valid;", p));
  EXPECT_FALSE(holds("icmpv4-csum:valid;", p));
  EXPECT_EQ(place("ipv4-csum:good;"), "signature.checksum.syntax@12+4");
}

TEST(MoreConditions, L3Proto) {
  PacketView p;
  p.family = IpFamily::kV6;
  EXPECT_TRUE(holds("l3_proto:ip6;", p));
  EXPECT_FALSE(holds("l3_proto:IPv4;", p));
  EXPECT_EQ(place("l3_proto:6;"), "signature.l3_proto.syntax@11+1");
}

TEST(MoreConditions, FlowAge) {
  flow::Flow flow;
  flow.start = {1'900'000'000};
  flow.last = {5'000'000'000};
  const PacketView packet;
  MatchInput input;
  input.packet = &packet;
  Built older("flow.age:>3;"), exact("flow.age:4;");
  EXPECT_FALSE(older.holds(input));  // no flow
  input.flow = &flow;
  EXPECT_TRUE(older.holds(input));
  EXPECT_TRUE(exact.holds(input));  // whole seconds of both ends
  EXPECT_EQ(place("flow.age:x;"), "signature.flow_age.syntax@11+1");
}

TEST(MoreConditions, Mtu) {
  Byte header[8] = {2, 0, 0, 0, 0, 0, 5, 0};
  PacketView p;
  p.family = IpFamily::kV6;
  p.has_icmpv6 = true;
  p.icmp_type = 2;
  p.l4_header = header;
  p.l4_header_length = 8;
  EXPECT_TRUE(holds("icmpv6.mtu:1280;", p));
  EXPECT_TRUE(holds("icmpv6.mtu:<1281;", p));
  EXPECT_FALSE(holds("icmpv6.mtu:!1280;", p));
  p.icmp_type = 1;
  EXPECT_FALSE(holds("icmpv6.mtu:1280;", p));
}

TEST(MoreConditions, Rpc) {
  Byte call[28] = {};
  store_be32(call + 12, 2);
  store_be32(call + 16, 100000);
  store_be32(call + 20, 3);
  store_be32(call + 24, 4);
  PacketView p;
  p.has_udp = true;
  p.payload = ByteSpan(call).subspan(4);
  EXPECT_TRUE(holds("rpc:100000;", p));
  EXPECT_TRUE(holds("rpc:100000,*,4;", p));
  EXPECT_TRUE(holds("rpc:100000,3,*;", p));
  EXPECT_FALSE(holds("rpc:100000,2;", p));
  EXPECT_FALSE(holds("rpc:100001;", p));
  EXPECT_FALSE(holds("rpc:100000,3,5;", p));
  p.payload = p.payload.first(23);
  EXPECT_FALSE(holds("rpc:100000;", p));
  p.has_udp = false;
  p.has_tcp = true;
  p.payload = call;  // behind the record mark
  EXPECT_TRUE(holds("rpc:100000,3,4;", p));
  for (const char* bad : {"rpc:x;", "rpc:1,2,3,4;", "rpc:*;", "rpc:1,x;"}) EXPECT_FALSE(Built(bad).fine()) << bad;
}

TEST(MoreConditions, Asn1) {
  Built built("content:\"a\"; asn1:bitstring_overflow, oversize_length 10, relative_offset 2;");
  ASSERT_TRUE(built.fine());
  const auto& op = built.op<Asn1Op>(1);
  EXPECT_TRUE(op.bitstring_overflow && op.relative);
  EXPECT_EQ(op.oversize_length, 10U);
  EXPECT_EQ(op.offset, 2);
  for (const char* bad :
       {"asn1:oversize_length;", "asn1:foo;", "asn1:absolute_offset -1;", "asn1:oversize_length x;"}) {
    EXPECT_FALSE(Built(bad).fine()) << bad;
  }
}

TEST(MoreConditions, IprepNeedsACategory) {
  EXPECT_EQ(place("iprep:src,Bad,>,30;"), "signature.iprep.category@12+3");
  EXPECT_EQ(place("iprep:src,Bad,>,128;"), "signature.iprep.syntax@8+13");
  EXPECT_EQ(place("iprep:up,Bad,>,1;"), "signature.iprep.syntax@8+10");
}

TEST(MoreConditions, GeoipNeedsADatabase) {
  EXPECT_EQ(place("geoip:src,DE;"), "signature.geoip.no_database@2+12");
  EXPECT_EQ(place("geoip:src,DEU;"), "signature.geoip.country@12+3");
  EXPECT_EQ(place("geoip:src,DE,!AT;"), "signature.geoip.country@16+2");
}

TEST(MoreConditions, StickyBuffers) {
  EXPECT_EQ(place("to_md5; content:\"a\";"), "signature.transform.no_buffer@2+6");
  EXPECT_EQ(place("pkt_data; to_md5; content:\"a\";"), "signature.transform.no_buffer@12+6");
  EXPECT_EQ(place("tcp.hdr; to_lowercase; content:\"aB\";"), "signature.content.transform@34+2");
  EXPECT_EQ(place("tcp.hdr; to_lowercase; content:!\"aB\";"), "");
  EXPECT_EQ(place("tcp.hdr; strip_whitespace; content:\"a b\";"), "signature.content.transform@38+3");
  EXPECT_EQ(place("tcp.hdr; compress_whitespace; content:\"a b\";"), "");
  EXPECT_EQ(place("tcp.hdr; compress_whitespace; content:\"a|0d 0a|\";"), "signature.content.transform@41+8");
  EXPECT_EQ(place("tcp.hdr; content:\"a\"; to_md5; pkt_data; content:\"b\";"), "signature.transform.unused@32+8");
  EXPECT_EQ(place("ip.src; to_md5; content:\"b\";"), "signature.transform.address@10+6");
  EXPECT_EQ(place("tcp.hdr; xor:\"abc\"; content:\"a\";"), "signature.xor.key@16+3");
  EXPECT_EQ(place("tcp.hdr; pcrexform:\"ab\"; content:\"a\";"), "signature.pcrexform.groups@22+2");
  EXPECT_EQ(place("tcp.hdr; pcrexform:\"a(b\"; content:\"a\";"), "signature.pcrexform.syntax@22+3");
  EXPECT_EQ(place("content:\"a\"; base64_data; content:\"a\";"), "signature.base64_data.no_decode@15+11");
  EXPECT_EQ(place("content:\"a\"; base64_decode:bytes 70000;"), "signature.base64_decode.number@29+11");
  EXPECT_EQ(place("dataset:isset,a,type string;"), "signature.dataset.no_buffer@2+27");
  Built built("udp.hdr; content:\"a\"; to_md5; content:\"b\"; udp.hdr; content:\"c\";");
  ASSERT_TRUE(built.fine());
  ASSERT_EQ(built.signature().buffers.size(), 2U);
  EXPECT_EQ(built.signature().buffers[0].ops.size(), 2U);
  EXPECT_EQ(built.signature().buffers[1].transforms.size(), 1U);
}

}  // namespace
}  // namespace bulkhead::signatures
