#include "datapath/base/flow_key.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <set>
#include <utility>

namespace bulkhead {
namespace {

FlowTuple tuple(std::uint32_t from, std::uint16_t from_port, std::uint32_t to, std::uint16_t to_port) {
  return {IpAddress::v4(from), IpAddress::v4(to), from_port, to_port, ip_proto::kTcp};
}
FlowTuple reversed(FlowTuple t) {
  std::swap(t.source, t.destination);
  std::swap(t.source_port, t.destination_port);
  return t;
}

TEST(FlowKey, BothDirectionsHaveOneKey) {
  for (const FlowTuple& t : {tuple(1, 1000, 2, 80), tuple(2, 80, 1, 1000), tuple(1, 80, 1, 90), tuple(1, 80, 1, 80)}) {
    bool forth = false, back = false;
    const FlowKey a = FlowKey::from(t, &forth), b = FlowKey::from(reversed(t), &back);
    EXPECT_EQ(a, b);
    EXPECT_EQ(a.hash(7), b.hash(7));
    if (t != reversed(t)) {
      EXPECT_NE(forth, back);
    }
    EXPECT_LE(a.low, a.high);
  }
}

// An address that cancels a constant of the hash must not take the seed out: collisions could be made offline.
TEST(FlowKey, NoAddressTakesTheSeedOut) {
  constexpr std::uint64_t kConstants[] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0xd6e8feb86659fd93};
  for (const std::uint64_t constant : kConstants) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{8}}) {
      std::array<Byte, 16> bytes{};
      std::memcpy(bytes.data() + at, &constant, sizeof constant);
      FlowKey key = FlowKey::from(tuple(1, 1000, 2, 80));
      for (IpAddress* end : {&key.low, &key.high}) {
        constexpr std::array<Byte, 16> kOther{0x20, 1};
        key.low = key.high = IpAddress::v6(kOther.data());
        *end = IpAddress::v6(bytes.data());
        std::set<std::uint64_t> hashes;
        for (std::uint64_t seed = 1; seed <= 16; ++seed) hashes.insert(key.hash(seed));
        EXPECT_EQ(hashes.size(), 16U) << std::hex << constant << " at " << at;
      }
    }
  }
}

TEST(FlowKey, EveryFieldMatters) {
  const FlowKey base = FlowKey::from(tuple(1, 1000, 2, 80));
  std::set<std::uint64_t> hashes{base.hash(1)};
  const auto differs = [&](auto change) {
    FlowKey other = base;
    change(other);
    EXPECT_NE(other, base);
    EXPECT_TRUE(hashes.insert(other.hash(1)).second);
  };
  differs([](FlowKey& k) { k.low = IpAddress::v4(9U); });
  differs([](FlowKey& k) { k.high = IpAddress::v4(9U); });
  differs([](FlowKey& k) { k.low_port = 9; });
  differs([](FlowKey& k) { k.high_port = 9; });
  differs([](FlowKey& k) { k.vlan[0] = 9; });
  differs([](FlowKey& k) { k.vlan[1] = 9; });
  differs([](FlowKey& k) { k.vlan[2] = 9; });
  differs([](FlowKey& k) { k.protocol = 17; });
  differs([](FlowKey& k) { k.tunnel_depth = 1; });
}

TEST(FlowKey, Ipv6UsesAllBits) {
  FlowTuple t;
  t.source = *IpAddress::parse("fd00::1");
  t.destination = *IpAddress::parse("fd00::2");
  FlowTuple other = t;
  other.source = *IpAddress::parse("fd00::1:0:0:1");
  EXPECT_NE(FlowKey::from(t).hash(3), FlowKey::from(other).hash(3));
}

TEST(FlowKey, SeedChangesTheHash) {
  const FlowKey key = FlowKey::from(tuple(1, 2, 3, 4));
  EXPECT_NE(key.hash(1), key.hash(2));
  EXPECT_EQ(key.hash(1), key.hash(1));
}

// 64k flows of one subnet over 64k buckets: a good hash leaves about 37 % of them empty.
TEST(FlowKey, SpreadsNearbyFlows) {
  std::set<std::uint64_t> buckets;
  for (std::uint32_t host = 0; host < 256; ++host) {
    for (std::uint16_t port = 0; port < 256; ++port) {
      buckets.insert(FlowKey::from(tuple(0x0a000000U + host, port, 0x0a000100U, 443)).hash(99) & 0xffff);
    }
  }
  EXPECT_GT(buckets.size(), 65536U * 60 / 100);
}

TEST(Direction, Opposite) {
  EXPECT_EQ(opposite(Direction::kToServer), Direction::kToClient);
  EXPECT_EQ(opposite(Direction::kToClient), Direction::kToServer);
  EXPECT_EQ(index_of(Direction::kToClient), 1U);
}

}  // namespace
}  // namespace bulkhead
