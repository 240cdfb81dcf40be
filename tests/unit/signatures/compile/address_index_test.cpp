#include "signatures/compile/address_index.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/signature_maker.h"

namespace bulkhead::test {
namespace {

using signatures::AddressIndex;
using signatures::AddressIndexBuilder;
using signatures::SignatureList;

// Against asking every rule.
TEST(AddressIndex, FindsExactlyTheRulesThatNameTheAddress) {
  RuleGenerator random(11);
  SignatureList list;
  for (std::uint32_t sid = 1; sid <= 300; ++sid) {
    auto s = rule(sid, signatures::RuleProtocol::kIp);
    s.source.any = random.chance(10);
    s.bidirectional = random.chance(5);
    std::uint32_t at = random.chance(5) ? 0 : 0xfffff000U;
    std::vector<IpRange> ranges;
    for (std::size_t n = random.number(1, 6); n > 0; --n) {
      at += static_cast<std::uint32_t>(random.number(2, 300));
      const std::uint32_t last =
          random.chance(5) ? std::max(at, 0xffffffffU) : at + static_cast<std::uint32_t>(random.number(0, 30));
      ranges.push_back({IpAddress::v4(at), IpAddress::v4(last)});
      if (last == 0xffffffffU) break;
      at = last;
    }
    s.source.v4 = std::move(ranges);
    list.push_back(std::move(s));
  }
  std::vector<std::uint32_t> rest(list.size());
  std::iota(rest.begin(), rest.end(), 0);
  const AddressIndex index = AddressIndexBuilder(list).take(AddressIndexBuilder::Side::kSource, rest);
  EXPECT_GT(index.rule_count(), 200U);
  EXPECT_EQ(index.rule_count() + rest.size(), list.size());
  for (std::uint64_t a = 0; a <= 0xffffffffU; a += a < 4000 || a >= 0xffffe000U ? 1 : 0x00fffff0U) {
    const IpAddress address = IpAddress::v4(static_cast<std::uint32_t>(a));
    const auto found = index.find(address);
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      const bool left = std::find(rest.begin(), rest.end(), i) != rest.end();
      ASSERT_EQ(std::find(found.begin(), found.end(), i) != found.end(), !left && list[i].source.contains(address))
          << a;
    }
  }
  EXPECT_TRUE(index.find(*IpAddress::parse("::1")).empty());
}

TEST(AddressIndex, BothFamiliesOfOneRuleAndTheEndOfTheAddressSpace) {
  SignatureList list{rule(1, signatures::RuleProtocol::kIp), rule(2, signatures::RuleProtocol::kIp)};
  const auto range = [](const char* a, const char* b) { return IpRange{*IpAddress::parse(a), *IpAddress::parse(b)}; };
  list[0].source.any = false;
  list[0].source.v4 = {range("255.255.255.255", "255.255.255.255")};
  list[0].source.v6 = {range("2001:db8::", "2001:db8::ffff"),
                       range("ffff:ffff::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
  list[1].source.any = false;
  list[1].source.v6 = {range("2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};  // too wide
  std::vector<std::uint32_t> rest{0, 1};
  const AddressIndex index = AddressIndexBuilder(list).take(AddressIndexBuilder::Side::kSource, rest);
  EXPECT_EQ(rest, std::vector<std::uint32_t>{1});
  for (const char* in :
       {"255.255.255.255", "2001:db8::", "2001:db8::ffff", "ffff:ffff::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_EQ(index.find(*IpAddress::parse(in)).size(), 1U) << in;
  }
  for (const char* out :
       {"255.255.255.254", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1:0", "ffff:fffe::"}) {
    EXPECT_TRUE(index.find(*IpAddress::parse(out)).empty()) << out;
  }
}

}  // namespace
}  // namespace bulkhead::test
