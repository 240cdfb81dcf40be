#include "datapath/pipeline/dispatch.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace bulkhead::pipeline {
namespace {

using test::Bytes;
using test::PacketBuilder;

std::uint64_t hash_of(const Bytes& frame) {
  return dispatch_hash(test::raw_packet(frame));
}

TEST(Dispatch, BothDirectionsAndAllPortsOfAPairGoTogether) {
  const auto there = hash_of(PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).build());
  const auto back = hash_of(PacketBuilder().ethernet().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 40000).build());
  const auto other_port = hash_of(PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(53, 99).build());
  const auto other_pair = hash_of(PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.3").tcp(40000, 80).build());
  EXPECT_EQ(there, back);
  EXPECT_EQ(there, other_port);
  EXPECT_NE(there, other_pair);
}

TEST(Dispatch, VlanTagsDoNotHideTheAddresses) {
  const auto plain = hash_of(PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2").udp(1, 2).build());
  const auto tagged = hash_of(PacketBuilder().ethernet().vlan(1).vlan(2).ipv6("fd00::2", "fd00::1").udp(2, 1).build());
  EXPECT_NE(plain, 0U);
  EXPECT_EQ(plain, tagged);
}

TEST(Dispatch, FragmentsGoWithTheirFlow) {
  const Bytes whole = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(Bytes(200)).build();
  for (const Bytes& fragment : test::fragment_frame(whole, 64)) EXPECT_EQ(hash_of(fragment), hash_of(whole));
}

TEST(Dispatch, IcmpErrorGoesWithTheFlowItQuotes) {
  const Bytes quoted = PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build();
  const auto error =
      hash_of(PacketBuilder().ethernet().ipv4("192.168.9.9", "10.0.0.1").icmp(3, 3).payload(quoted).build());
  EXPECT_EQ(error, hash_of(PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build()));
  const Bytes quoted6 = PacketBuilder().ipv6("fd00::1", "fd00::2").udp(1, 2).build();
  const auto error6 =
      hash_of(PacketBuilder().ethernet().ipv6("fd00::99", "fd00::1").icmpv6(1, 4).payload(quoted6).build());
  EXPECT_EQ(error6, hash_of(PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2").udp(1, 2).build()));
}

TEST(Dispatch, WhatHasNoAddressGoesToTheFirstWorker) {
  EXPECT_EQ(hash_of(PacketBuilder().ethernet().arp().build()), 0U);
  EXPECT_EQ(hash_of(Bytes(3)), 0U);
  EXPECT_EQ(hash_of({}), 0U);
}

}  // namespace
}  // namespace bulkhead::pipeline
