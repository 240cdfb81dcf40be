#include "datapath/base/ip_address.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

IpAddress ip(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(IpAddress());
}

TEST(IpAddress, TextAndBack) {
  for (const char* text :
       {"0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "::1", "fd00::a:0:1", "2001:db8::ff00:42:8329"}) {
    EXPECT_EQ(ip(text).to_string(), text);
  }
  EXPECT_EQ(ip("10.1.2.3").v4_host_order(), 0x0a010203U);
  EXPECT_EQ(IpAddress::v4(0x0a010203U), ip("10.1.2.3"));
}

TEST(IpAddress, EveWritesIpv6InFull) {
  EXPECT_EQ(ip("2001:db8::1").to_eve_string(), "2001:0db8:0000:0000:0000:0000:0000:0001");
  EXPECT_EQ(ip("192.0.2.1").to_eve_string(), "192.0.2.1");
}

TEST(IpAddress, WhatIsNoAddress) {
  for (const char* text : {"", "1.2.3", "1.2.3.256", "1.2.3.4 ", "::g", "1.2.3.4/8", "1:2:3:4:5:6:7:8:9",
                           "aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa"}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
}

TEST(IpAddress, FamiliesDifferAndOrder) {
  EXPECT_LT(ip("255.255.255.255"), ip("::"));
  EXPECT_LT(ip("10.0.0.9"), ip("10.0.1.0"));
  EXPECT_NE(ip("0.0.0.0"), ip("::"));
  EXPECT_FALSE(IpAddress().is_set());
  EXPECT_EQ(ip("::1").bit_count(), 128U);
  EXPECT_EQ(ip("1.1.1.1").bit_count(), 32U);
}

TEST(IpAddress, NextAndPreviousCarryAndWrap) {
  EXPECT_EQ(ip("10.0.0.255").next(), ip("10.0.1.0"));
  EXPECT_EQ(ip("10.0.1.0").previous(), ip("10.0.0.255"));
  EXPECT_EQ(ip("255.255.255.255").next(), ip("0.0.0.0"));
  EXPECT_EQ(ip("::").previous(), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_EQ(ip("::ffff").next(), ip("::1:0"));
}

TEST(IpAddress, NetworkAndBroadcastAtEveryLength) {
  EXPECT_EQ(ip("10.11.12.13").network(12), ip("10.0.0.0"));
  EXPECT_EQ(ip("10.11.12.13").broadcast(12), ip("10.15.255.255"));
  for (unsigned length = 0; length <= 128; ++length) {
    const IpAddress a = ip("fd12:3456:789a:bcde:f012:3456:789a:bcde");
    EXPECT_LE(a.network(length), a);
    EXPECT_GE(a.broadcast(length), a);
    EXPECT_EQ(a.network(length).network(length), a.network(length));
    EXPECT_EQ(a.network(length).broadcast(length), a.broadcast(length));
  }
  EXPECT_TRUE(ip("0.0.0.0").is_first());
  EXPECT_TRUE(ip("255.255.255.255").is_last());
  EXPECT_FALSE(ip("255.255.255.254").is_last());
}

TEST(IpAddress, Multicast) {
  EXPECT_TRUE(ip("224.0.0.1").is_multicast());
  EXPECT_TRUE(ip("239.255.255.255").is_multicast());
  EXPECT_FALSE(ip("240.0.0.1").is_multicast());
  EXPECT_TRUE(ip("ff02::1").is_multicast());
  EXPECT_FALSE(IpAddress().is_multicast());
}

TEST(IpPrefix, ParseClearsHostBits) {
  const auto prefix = IpPrefix::parse("10.1.2.3/8");
  ASSERT_TRUE(prefix.has_value());
  EXPECT_EQ(prefix->to_string(), "10.0.0.0/8");
  EXPECT_EQ(prefix->first(), ip("10.0.0.0"));
  EXPECT_EQ(prefix->last(), ip("10.255.255.255"));
  EXPECT_EQ(IpPrefix::parse("10.1.2.3")->to_string(), "10.1.2.3/32");
  EXPECT_EQ(IpPrefix::parse("fd00::1")->length, 128U);
  EXPECT_EQ(IpPrefix::parse("0.0.0.0/0")->length, 0U);
}

TEST(IpPrefix, WhatIsNoPrefix) {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "fd00::/129", "10.0.0.0/ 8"}) {
    EXPECT_FALSE(IpPrefix::parse(text).has_value()) << text;
  }
}

TEST(IpPrefix, ContainsOnlyItsFamilyAndRange) {
  const auto prefix = *IpPrefix::parse("10.1.0.0/16");
  EXPECT_TRUE(prefix.contains(ip("10.1.0.0")));
  EXPECT_TRUE(prefix.contains(ip("10.1.255.255")));
  EXPECT_FALSE(prefix.contains(ip("10.2.0.0")));
  EXPECT_FALSE(prefix.contains(ip("::a01:0")));
  EXPECT_TRUE(IpPrefix::parse("::/0")->contains(ip("fd00::1")));
  EXPECT_FALSE(IpPrefix::parse("::/0")->contains(ip("1.1.1.1")));
}

TEST(IpRange, BothEndsBelong) {
  const IpRange range{ip("10.0.0.5"), ip("10.0.0.9")};
  EXPECT_TRUE(range.contains(ip("10.0.0.5")) && range.contains(ip("10.0.0.9")));
  EXPECT_FALSE(range.contains(ip("10.0.0.4")) || range.contains(ip("10.0.0.10")) || range.contains(ip("::a00:7")));
}

TEST(MacAddress, ItsLinkLocalAddress) {
  EXPECT_EQ(IpAddress::link_local(*MacAddress::parse("02:42:ac:11:00:02")), ip("fe80::42:acff:fe11:2"));
}

TEST(MacAddress, TextAndBack) {
  const auto mac = MacAddress::parse("02:AB:cd:00:01:ff");
  ASSERT_TRUE(mac.has_value());
  EXPECT_EQ(mac->to_string(), "02:ab:cd:00:01:ff");
  EXPECT_EQ(MacAddress::from(mac->bytes.data()), *mac);
  for (const char* text : {"", "02:ab", "02:ab:cd:00:01:fg", "02:ab:cd:00:01:ff:00", "02:ab:cd:00:01:f"}) {
    EXPECT_FALSE(MacAddress::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace bulkhead
