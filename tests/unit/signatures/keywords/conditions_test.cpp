// Keywords that look at the packet: each against packets that do and do not fit.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using decode::PacketView;
using test::Built;

PacketView tcp_packet() {
  PacketView p;
  p.family = IpFamily::kV4;
  p.protocol = ip_proto::kTcp;
  p.source = *IpAddress::parse("10.0.0.1");
  p.destination = *IpAddress::parse("10.0.0.2");
  p.ttl = 64;
  p.tos = 0x10;
  p.fragment_id = 777;
  p.has_tcp = true;
  p.tcp.flags = decode::tcp_flag::kSyn;
  p.tcp.seq = 1000;
  p.tcp.ack = 4000000000U;
  p.tcp.window = 500;
  return p;
}

PacketView icmp_packet(bool v6) {
  PacketView p;
  p.family = v6 ? IpFamily::kV6 : IpFamily::kV4;
  p.protocol = v6 ? ip_proto::kIcmpv6 : ip_proto::kIcmp;
  p.has_icmp = !v6;
  p.has_icmpv6 = v6;
  p.icmp_type = 8;
  p.icmp_code = 3;
  p.icmp_id = 11;
  p.icmp_sequence = 22;
  p.has_icmp_id = true;
  return p;
}

bool holds(const std::string& options, const PacketView& packet) {
  Built built(options);
  EXPECT_TRUE(built.fine()) << options << " " << built.place();
  EXPECT_EQ(built.signature().conditions.size(), 1U) << options;
  EXPECT_TRUE(!built.facts().packet_keyword.empty()) << options;
  return built.fine() && built.holds(packet);
}

TEST(Conditions, TtlTosIdSameIp) {
  PacketView p = tcp_packet();
  EXPECT_TRUE(holds("ttl:64;", p));
  EXPECT_FALSE(holds("ttl:<64;", p));
  EXPECT_FALSE(holds("ttl:<64;", PacketView()));  // no IP header
  EXPECT_TRUE(holds("ttl:63-65;", p));
  EXPECT_TRUE(holds("tos:16;", p));
  EXPECT_TRUE(holds("tos:x10;", p));
  EXPECT_FALSE(holds("tos:!16;", p));
  EXPECT_TRUE(holds("tos:! 17;", p));
  EXPECT_TRUE(holds("id:777;", p));
  EXPECT_FALSE(holds("id:778;", p));
  EXPECT_FALSE(holds("sameip;", p));
  p.destination = p.source;
  EXPECT_TRUE(holds("sameip;", p));
  p.family = IpFamily::kV6;
  EXPECT_FALSE(holds("id:777;", p));  // IPv4 only
  EXPECT_FALSE(holds("tos:!5;", p));  // IPv4 only, negated too
}

TEST(Conditions, TcpNumbers) {
  PacketView p = tcp_packet();
  EXPECT_TRUE(holds("seq:1000;", p));
  EXPECT_TRUE(holds("tcp.ack:4000000000;", p));
  EXPECT_FALSE(holds("ack:0;", p));
  EXPECT_TRUE(holds("window:500;", p));
  EXPECT_FALSE(holds("tcp.window:!500;", p));
  EXPECT_FALSE(holds("tcp.mss:>0;", p));  // no option
  p.tcp.has_mss = true;
  p.tcp.mss = 536;
  EXPECT_TRUE(holds("tcp.mss:500-1000;", p));
  p.has_tcp = false;
  for (const char* options :
       {"seq:1000;", "ack:4000000000;", "window:500;", "window:!1;", "tcp.mss:536;", "flags:S;", "flags:!A;"}) {
    EXPECT_FALSE(holds(options, p)) << options;
  }
}

TEST(Conditions, TcpFlags) {
  using namespace decode::tcp_flag;
  const auto flags = [](const std::string& text, int bits) {
    PacketView p = tcp_packet();
    p.tcp.flags = static_cast<std::uint8_t>(bits);
    return holds("flags:" + text + ";", p);
  };
  EXPECT_TRUE(flags("S", kSyn));
  EXPECT_FALSE(flags("S", kSyn | kAck));
  EXPECT_FALSE(flags("S", kSyn | kEce | kCwr));
  EXPECT_TRUE(flags("S,12", kSyn | kEce | kCwr));
  EXPECT_TRUE(flags("S,CE", kSyn | kEce));
  EXPECT_TRUE(flags("+S", kSyn | kAck));
  EXPECT_TRUE(flags("S+", kSyn | kAck));
  EXPECT_FALSE(flags("+SA", kSyn));
  EXPECT_TRUE(flags("*SA", kAck));
  EXPECT_FALSE(flags("*SA", kFin));
  EXPECT_TRUE(flags("!SA", kSyn));
  EXPECT_FALSE(flags("!SA", kSyn | kAck | kPsh));
  EXPECT_TRUE(flags("0", 0));
  EXPECT_FALSE(flags("0", kFin));
  EXPECT_TRUE(flags("FSRPAU12", 0xff));
  EXPECT_EQ(Built("flags:X;").place(), "signature.flags.syntax@8+1");
  EXPECT_EQ(Built("flags:S,12,3;").place(), "signature.flags.syntax@8+6");
  EXPECT_EQ(Built("flags:+;").place(), "signature.flags.syntax@8+1");
}

TEST(Conditions, Icmp) {
  for (const bool v6 : {false, true}) {
    PacketView p = icmp_packet(v6);
    EXPECT_TRUE(holds("itype:8;", p));
    EXPECT_FALSE(holds("itype:>8;", p));
    EXPECT_TRUE(holds("icode:2<>4;", p));
    EXPECT_TRUE(holds("icmp_id:11;", p));
    EXPECT_TRUE(holds("icmp_seq:22;", p));
    p.has_icmp_id = false;
    EXPECT_FALSE(holds("icmp_id:11;", p));
    EXPECT_FALSE(holds("icmp_seq:22;", p));
  }
  EXPECT_FALSE(holds("itype:0;", tcp_packet()));
  EXPECT_FALSE(holds("icode:!5;", tcp_packet()));
}

TEST(Conditions, Dsize) {
  const std::array<Byte, 6> bytes{};
  PacketView p = tcp_packet();
  p.payload = ByteSpan(bytes);
  EXPECT_TRUE(holds("dsize:6;", p));
  EXPECT_TRUE(holds("dsize:>5;", p));
  EXPECT_FALSE(holds("dsize:6<>9;", p));
  EXPECT_FALSE(holds("dsize:!6;", p));
  EXPECT_EQ(Built("dsize:5; dsize:6;").place(), "signature.dsize.duplicate@11+7");
  EXPECT_EQ(Built("dsize:65536;").place(), "signature.dsize.syntax@8+5");
}

TEST(Conditions, Fragments) {
  PacketView p = tcp_packet();
  p.more_fragments = true;
  p.is_fragment = true;
  p.fragment_offset = 1480;
  EXPECT_TRUE(holds("fragbits:M;", p));
  EXPECT_FALSE(holds("fragbits:MD;", p));
  EXPECT_TRUE(holds("fragbits:*MD;", p));
  EXPECT_TRUE(holds("fragbits:!D;", p));
  EXPECT_TRUE(holds("fragbits:M+;", p));
  EXPECT_TRUE(holds("fragoffset:185;", p));
  EXPECT_TRUE(holds("fragoffset:>0;", p));
  EXPECT_FALSE(holds("fragoffset:<185;", p));
  p.family = IpFamily::kV6;
  EXPECT_TRUE(holds("fragoffset:1480;", p));
  EXPECT_FALSE(holds("fragbits:M;", p));
}

TEST(Conditions, IpOptions) {
  // no operation, record route of seven bytes, end of list
  std::array<Byte, 32> header{};
  header[20] = 1;
  header[21] = 7;
  header[22] = 7;
  PacketView p = tcp_packet();
  p.ip_header = header.data();
  p.ip_header_length = 32;
  EXPECT_TRUE(holds("ipopts:rr;", p));
  EXPECT_TRUE(holds("ipopts:nop;", p));
  EXPECT_TRUE(holds("ipopts:eol;", p));
  EXPECT_TRUE(holds("ipopts:ANY;", p));
  EXPECT_FALSE(holds("ipopts:lsrr;", p));
  header[22] = 0;  // a length that cannot be ends the walk
  EXPECT_FALSE(holds("ipopts:eol;", p));
  p.ip_header_length = 20;
  EXPECT_FALSE(holds("ipopts:any;", p));
  EXPECT_EQ(Built("ipopts:foo;").place(), "signature.ipopts.name@9+3");
}

TEST(Conditions, IpProto) {
  const PacketView p = tcp_packet();
  EXPECT_TRUE(holds("ip_proto:6;", p));
  EXPECT_TRUE(holds("ip_proto:TCP;", p));
  EXPECT_FALSE(holds("ip_proto:!tcp;", p));
  EXPECT_TRUE(holds("ip_proto:>5;", p));
  EXPECT_TRUE(holds("ip_proto:< udp;", p));
  EXPECT_EQ(Built("ip_proto:6; ip_proto:17;").place(), "signature.ip_proto.second@14+11");
  EXPECT_EQ(Built("ip_proto:256;").place(), "signature.ip_proto.protocol@11+3");
  EXPECT_EQ(Built("ip_proto:6;", "alert tcp any any -> any any").diagnostics().all()[0].code,
            "signature.ip_proto.header");
  EXPECT_TRUE(Built("ip_proto:6;").facts().beyond_addresses.empty());
}

TEST(Conditions, Events) {
  PacketView p = tcp_packet();
  Built built("decode-event:IPV4.pkt_too_small;");
  ASSERT_TRUE(built.fine()) << built.place();
  EXPECT_FALSE(built.holds(p));
  p.events.add(decode::DecodeEvent::ipv4_pkt_too_small);
  EXPECT_TRUE(built.holds(p));
  EXPECT_TRUE(built.facts().decode_event);
  EXPECT_EQ(built.signature().conditions[0]->gate(), PacketCondition::Gate::kDecodeEvents);
  EXPECT_EQ(built.signature().conditions[0]->describe(), "decode-event:IPV4.pkt_too_small");
  EXPECT_EQ(Built("decode-event:ipv4.pkt_to_small;").diagnostics().all()[0].hint, "did you mean ipv4.pkt_too_small?");

  Built stream_event("stream-event:est_invalid_ack;");
  ASSERT_TRUE(stream_event.fine()) << stream_event.place();
  MatchInput input;
  input.packet = &p;
  EXPECT_FALSE(stream_event.holds(input));
  stream::StreamEventList events;
  input.stream_events = &events;
  EXPECT_FALSE(stream_event.holds(input));
  events.add(*stream::find_stream_event("est_invalid_ack"));
  EXPECT_TRUE(stream_event.holds(input));
  EXPECT_EQ(stream_event.signature().conditions[0]->gate(), PacketCondition::Gate::kStreamEvents);
  EXPECT_EQ(Built("stream-event:foo;").place(), "signature.stream_event.unknown@15+3");
}

TEST(Conditions, StreamSize) {
  Built built("stream_size: client , != , 5 ;");
  ASSERT_TRUE(built.fine()) << built.place();
  EXPECT_TRUE(built.facts().uses_stream_size);
  EXPECT_TRUE(built.facts().packet_keyword.empty());
  EXPECT_FALSE(built.holds(tcp_packet()));  // no session
  for (const char* bad : {"server,==,5", "foo,=,5", "server,=,x", "server,=", "server,=,4294967296", "Server,=,5"}) {
    EXPECT_EQ(Built("stream_size:" + std::string(bad) + ";").place(),
              "signature.stream_size.syntax@14+" + std::to_string(std::string(bad).size()))
        << bad;
  }
}

}  // namespace
}  // namespace bulkhead::signatures
