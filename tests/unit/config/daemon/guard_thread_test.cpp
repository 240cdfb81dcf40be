#include "config/daemon/guard_thread.h"

#include <gtest/gtest.h>

#include "datapath/output/eve_json.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::config {
namespace {

using rules::GuardReason;

rules::NflogRecord record(const test::Bytes& frame) {
  rules::NflogRecord out;
  out.prefix = "bulkhead guard arp-sender";
  out.in_index = 0;
  out.time = {1'700'000'000'000'000'000};
  out.frame = frame;
  return out;
}

std::string eve(const event::DropEvent& event, const output::EveSettings& settings) {
  output::EveJson json(settings);
  return std::string(json.format(event));
}

TEST(GuardEvent, AnArpFrameNamesReasonWorkloadAndAddresses) {
  const auto frame = test::PacketBuilder()
                         .ethernet({.destination = "ff:ff:ff:ff:ff:ff", .source = "02:00:00:00:00:02"})
                         .arp({.sender_mac = "02:00:00:00:00:02", .sender_ip = "10.0.0.1", .target_ip = "10.0.0.9"})
                         .build();
  const auto event = guard_event(record(frame), GuardReason::kArpSender, "shop/web");
  EXPECT_EQ(event.reason, "guard");
  EXPECT_EQ(event.policy_rule, "guard/arp-sender");
  EXPECT_EQ(event.source_workload, "shop/web");
  EXPECT_EQ(event.header.tuple.source.to_string(), "10.0.0.1");
  EXPECT_EQ(event.header.tuple.destination.to_string(), "10.0.0.9");
  ASSERT_TRUE(event.header.ether.has_value());
  EXPECT_EQ(event.header.ether->first.to_string(), "02:00:00:00:00:02");
  EXPECT_EQ(event.header.time.ns, 1'700'000'000'000'000'000);
}

TEST(GuardEvent, AnIpFrameHasItsFields) {
  const auto frame = test::PacketBuilder()
                         .ethernet({})
                         .vlan(7)
                         .ipv4("10.0.0.1", "10.0.0.2", {.ttl = 9})
                         .udp(67, 68)
                         .payload("x")
                         .build();
  const auto event = guard_event(record(frame), GuardReason::kDhcpServer, "");
  EXPECT_EQ(event.ttl, 9);
  EXPECT_TRUE(event.is_udp);
  EXPECT_EQ(event.header.tuple.source_port, 67);
  EXPECT_EQ(event.header.vlan_count, 1);
  EXPECT_EQ(event.header.vlan_id[0], 7);
}

TEST(GuardEvent, WhateverWasDroppedMakesAnEvent) {
  const auto whole = test::PacketBuilder().ethernet({}).ipv6("fd00::1", "ff02::1").icmpv6(134, 0).build();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const test::Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto event = guard_event(record(cut), GuardReason::kRouterAdvertisement, "shop/web");
    EXPECT_EQ(event.policy_rule, "guard/router-advertisement");
    EXPECT_EQ(event.header.ether.has_value(), size >= 12);
  }
  auto timeless = record(whole);
  timeless.time = {};
  EXPECT_GT(guard_event(timeless, GuardReason::kMac, "").header.time.ns, 1'700'000'000'000'000'000);
}

TEST(GuardEvent, IsWrittenWithThePolicysDrops) {
  const auto event =
      guard_event(record(test::PacketBuilder().ethernet({}).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).build()),
                  GuardReason::kSource4, "shop/web");
  output::EveSettings settings;
  settings.drop.enabled = false;
  settings.drop.policy = true;
  const std::string text = eve(event, settings);
  EXPECT_NE(text.find(R"("reason":"guard","policy":{"rule":"guard/source4","from":"shop/web","audit":false})"),
            std::string::npos)
      << text;
  settings.drop.policy = false;
  EXPECT_EQ(eve(event, settings), "");
}

}  // namespace
}  // namespace bulkhead::config
