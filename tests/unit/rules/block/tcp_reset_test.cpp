#include "rules/block/tcp_reset.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace bulkhead::rules {
namespace {

FlowTuple tuple(const char* from, const char* to) {
  return {*IpAddress::parse(from), *IpAddress::parse(to), 40000, 80, ip_proto::kTcp};
}

// The frame equals one put together by the tests' own builder, checksums included.
TEST(TcpReset, FrameIsAValidReset) {
  const auto mac1 = *MacAddress::parse("02:00:00:00:00:01");
  const auto mac2 = *MacAddress::parse("02:00:00:00:00:02");
  const test::TcpFieldsIn fields{
      .flags = test::tcp_flags::kRst | test::tcp_flags::kAck, .seq = 0x89abcdef, .ack = 0x01234567, .window = 0};
  EXPECT_EQ(reset_frame(tuple("10.0.0.1", "10.0.0.2"), mac1, mac2, 0x89abcdef, 0x01234567),
            test::PacketBuilder()
                .ethernet()
                .ipv4("10.0.0.1", "10.0.0.2", {.dont_fragment = true})
                .tcp(40000, 80, fields)
                .build());
  EXPECT_EQ(reset_frame(tuple("fd00::1", "fd00::2"), mac1, mac2, 0x89abcdef, 0x01234567),
            test::PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2").tcp(40000, 80, fields).build());
}

}  // namespace
}  // namespace bulkhead::rules
