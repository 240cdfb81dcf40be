#include "signatures/behaviour/party.h"

#include <gtest/gtest.h>

#include "datapath/base/address_ranges.h"
#include "signatures/behaviour/bounded_map.h"

namespace bulkhead::behaviour {
namespace {

IpAddress at(const char* text) {
  return *IpAddress::parse(text);
}

TEST(PartyTable, InsideByOwnerOrAddressOutsideByNameOrAddress) {
  PartyTable parties(private_ranges(), [](const IpAddress& address) -> std::optional<std::string> {
    if (address == at("10.0.0.1") || address == at("10.0.0.2")) return "shop/web";
    return std::nullopt;
  });
  EXPECT_EQ(parties.client(at("10.0.0.1")), parties.server(at("10.0.0.2"))) << "replicas";
  EXPECT_EQ(parties.name(parties.client(at("10.0.0.1"))), "shop/web");
  EXPECT_EQ(parties.name(parties.client(at("10.0.0.3"))), "10.0.0.3");
  EXPECT_EQ(parties.client(at("198.51.100.1")), kOutside);
  EXPECT_EQ(parties.client(at("2001:db8::1")), kOutside);
  EXPECT_EQ(parties.name(parties.server(at("198.51.100.1"))), "198.51.100.1");
  parties.call(at("198.51.100.2"), "api.example");
  parties.call(at("198.51.100.3"), "api.example");
  EXPECT_EQ(parties.server(at("198.51.100.2")), parties.server(at("198.51.100.3")));
  EXPECT_EQ(parties.name(parties.server(at("198.51.100.2"))), "api.example");
  parties.call(at("198.51.100.1"), "api.example");
  EXPECT_EQ(parties.name(parties.server(at("198.51.100.1"))), "api.example") << "asked for before it had a name";
  parties.call(at("10.0.0.3"), "liar.example");
  EXPECT_EQ(parties.name(parties.server(at("10.0.0.3"))), "10.0.0.3") << "names do not rename what is ours";
}

TEST(PartyTable, AnAddressMayHaveAnotherOwner) {
  std::string owner = "shop/web";
  PartyTable parties(private_ranges(), [&](const IpAddress&) { return std::optional<std::string>(owner); });
  EXPECT_EQ(parties.name(parties.client(at("10.0.0.1"))), "shop/web");
  owner = "shop/api";
  EXPECT_EQ(parties.name(parties.client(at("10.0.0.1"))), "shop/web");
  parties.forget_inside();
  EXPECT_EQ(parties.name(parties.client(at("10.0.0.1"))), "shop/api");
}

TEST(PartyTable, IsBounded) {
  PartyTable parties(private_ranges(), {});
  for (std::uint32_t i = 0; i < kMaxParties + 100; ++i)
    static_cast<void>(parties.server(IpAddress::v4(0xc0000000U + i)));
  EXPECT_EQ(parties.size(), kMaxParties);
  EXPECT_EQ(parties.server(IpAddress::v4(0xc0000000U + kMaxParties + 50)), kOthers);
}

TEST(BoundedMap, ForgetsWhatWasUsedLongestAgo) {
  BoundedMap<int, int> map(2);
  map.at(1) = 10;
  map.at(2) = 20;
  EXPECT_EQ(map.at(1), 10);
  map.at(3) = 30;
  EXPECT_EQ(map.find(2), nullptr);
  ASSERT_NE(map.find(1), nullptr);
  EXPECT_EQ(*map.find(1), 10);
  map.erase(1);
  map.erase(7);
  EXPECT_EQ(map.size(), 1U);
}

}  // namespace
}  // namespace bulkhead::behaviour
