#include "config/daemon/block_target.h"

#include <gtest/gtest.h>

namespace bulkhead::config {
namespace {

TEST(BlockTarget, SourcePairFlow) {
  EXPECT_EQ(block_target("10.0.0.7", "", "").value().kind, rules::BlockKind::kSource);
  EXPECT_EQ(block_target("10.0.0.7", "10.0.0.3", "").value().kind, rules::BlockKind::kPair);
  const auto flow = block_target("10.0.0.7:40000", "10.0.0.3:80", "").value();
  EXPECT_EQ(flow.to_string(), "flow tcp 10.0.0.7:40000 -> 10.0.0.3:80");
  const auto udp = block_target("[fd00::7]:53", "[fd00::3]:53", "udp").value();
  EXPECT_EQ(udp.tuple.protocol, ip_proto::kUdp);
  EXPECT_EQ(udp.tuple.destination_port, 53);
  EXPECT_EQ(block_target("fd00::7", "", "").value().tuple.source.to_string(), "fd00::7");
}

TEST(BlockTarget, SaysWhatIsWrong) {
  const auto why = [](const char* a, const char* b, const char* p = "") {
    return block_target(a, b, p).error().to_string();
  };
  EXPECT_EQ(why("10.0.0", ""), "read \"10.0.0\": not an address");
  EXPECT_EQ(why("10.0.0.1:x", "10.0.0.2:1"), "read \"10.0.0.1:x\": not a port behind the colon");
  EXPECT_EQ(why("10.0.0.1:70000", "10.0.0.2:1"), "read \"10.0.0.1:70000\": not a port behind the colon");
  EXPECT_EQ(why("10.0.0.1:80", ""), "read \"10.0.0.1:80\": one end of a flow; name the other one too");
  EXPECT_EQ(why("10.0.0.1:80", "10.0.0.2"), "read \"10.0.0.2\": a flow needs a port at both ends");
  EXPECT_EQ(why("10.0.0.1", "fd00::1"), "read \"fd00::1\": the other address family");
  EXPECT_EQ(why("10.0.0.1:1", "10.0.0.2:2", "icmp"), "read \"icmp\": write tcp or udp");
}

}  // namespace
}  // namespace bulkhead::config
