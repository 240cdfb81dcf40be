#include "datapath/output/community_id.h"

#include <gtest/gtest.h>

namespace bulkhead::output {
namespace {

struct Case {
  std::uint16_t seed;
  const char* source;
  std::uint16_t source_port;
  const char* destination;
  std::uint16_t destination_port;
  std::uint8_t protocol;
  std::uint8_t icmp_type;
  const char* expected;
};

// From the specification's baseline and from what Suricata 7.0.10 and its tests give.
const Case kCases[] = {
    {0, "128.232.110.120", 34855, "66.35.250.204", 80, ip_proto::kTcp, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {0, "192.168.1.52", 54585, "8.8.8.8", 53, ip_proto::kUdp, 0, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {0, "192.168.1.5", 1, "192.168.1.1", 1, ip_proto::kIcmp, 8, "1:ytET5B7QW/q7d65u2eC29crhwSw="},
    {0, "10.0.0.1", 0, "10.0.0.2", 0, ip_proto::kIcmp, 8, "1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ="},
    {0, "10.0.0.2", 0, "10.0.0.1", 0, ip_proto::kIcmp, 0, "1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ="},
    {0, "10.99.99.1", 55533, "10.99.99.45", 80, ip_proto::kTcp, 0, "1:COT9rQ4jCndeKzVNT2D9sltjloI="},
    {7, "2600:1f13:f8:d400:3a6:303c:e011:18eb", 60202, "2607:f8b0:400a:800::200e", 443, ip_proto::kTcp, 0,
     "1:ptJhMvufAbB5nLDNW77cB800wFM="},
    {7, "2600:1f13:f8:d400:3a6:303c:e011:18eb", 33892, "2001:4860:4860::8888", 443, ip_proto::kTcp, 0,
     "1:PGf+a0eBbs1OhuPtJmsF0Sm51v4="},
};

TEST(CommunityId, MatchesKnownValuesInBothDirections) {
  for (const Case& c : kCases) {
    CommunityId id(c.seed);
    FlowTuple tuple{*IpAddress::parse(c.source), *IpAddress::parse(c.destination), c.source_port, c.destination_port,
                    c.protocol};
    EXPECT_EQ(id.of(tuple, c.icmp_type, 0), c.expected) << c.source;
    if (c.protocol == ip_proto::kIcmp) continue;
    std::swap(tuple.source, tuple.destination);
    std::swap(tuple.source_port, tuple.destination_port);
    EXPECT_EQ(id.of(tuple, 0, 0), c.expected) << c.source;
  }
}

TEST(CommunityId, TheSeedMatters) {
  const FlowTuple tuple{*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 1, 2, ip_proto::kTcp};
  EXPECT_NE(CommunityId(0).of(tuple, 0, 0), CommunityId(1).of(tuple, 0, 0));
}

TEST(CommunityId, OneWayIcmpKeepsItsDirection) {
  CommunityId id(0);
  FlowTuple tuple{*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 0, 0, ip_proto::kIcmp};
  const std::string there = id.of(tuple, 3, 1);
  std::swap(tuple.source, tuple.destination);
  EXPECT_NE(id.of(tuple, 3, 1), there);
}

}  // namespace
}  // namespace bulkhead::output
