#include "rules/block/block_list.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

Block block(BlockKind kind, const std::string& source, const std::string& destination, std::uint8_t protocol) {
  Block b;
  b.kind = kind;
  b.tuple = {*IpAddress::parse(source), *IpAddress::parse(destination), 40000, 443, protocol};
  b.ttl = std::chrono::seconds(90);
  b.reason = "exploit attempt";
  b.sid = 42;
  return b;
}

std::pair<IpFamily, BlockSetKind> set_of(const std::string& name) {
  for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
    for (const BlockSetKind kind : kBlockSetKinds) {
      if (block_set_name(version, kind) == name) return {version, kind};
    }
  }
  ADD_FAILURE() << name;
  return {IpFamily::kV4, BlockSetKind::kSource};
}

TEST(BlockList, ThroughElementsAndBack) {
  struct Case {
    Block block;
    const char* set;
    std::size_t elements;
  };
  for (const Case& c : {Case{block(BlockKind::kFlow, "10.0.0.1", "10.0.0.2", 6), "block4-flow", 2},
                        {block(BlockKind::kFlow, "fd00::1", "fd00::2", 17), "block6-flow", 2},
                        {block(BlockKind::kFlow, "10.0.0.1", "10.0.0.2", 1), "block4-proto", 2},
                        {block(BlockKind::kPair, "fd00::1", "fd00::2", 6), "block6-pair", 1},
                        {block(BlockKind::kSource, "10.0.0.1", "10.0.0.2", 6), "block4-source", 1},
                        {block(BlockKind::kLimit, "10.0.0.1", "10.0.0.2", 6), "block4-limit", 1},
                        {block(BlockKind::kLimit, "fd00::1", "fd00::2", 6), "block6-limit", 1}}) {
    const BlockElements elements = block_elements(c.block);
    EXPECT_EQ(elements.set, c.set);
    ASSERT_EQ(elements.elements.size(), c.elements);
    const auto [version, kind] = set_of(elements.set);
    NftSet set;
    set.key = block_set_key(version, kind);
    std::size_t blocks = 0;
    for (NftElement element : elements.elements) {
      EXPECT_EQ(element.key.size(), set.key_length());
      EXPECT_EQ(element.timeout_ms, 90'000U);
      element.expires_ms = 1234;
      const auto back = block_of_element(version, kind, element);
      if (!back) continue;
      ++blocks;
      EXPECT_TRUE(back->block.same_target(c.block)) << back->block.to_string() << " and " << c.block.to_string();
      EXPECT_EQ(back->block.sid, 42U);
      EXPECT_EQ(back->block.reason, "exploit attempt");
      EXPECT_EQ(back->block.ttl, c.block.ttl);
      EXPECT_EQ(back->expires_in.count(), 1234);
    }
    EXPECT_EQ(blocks, 1U) << "the second direction of a flow is no second block";
  }
}

TEST(BlockList, Words) {
  EXPECT_EQ(block(BlockKind::kFlow, "10.0.0.1", "10.0.0.2", 6).to_string(), "flow tcp 10.0.0.1:40000 -> 10.0.0.2:443");
  EXPECT_EQ(block(BlockKind::kPair, "fd00::1", "fd00::2", 6).to_string(), "pair fd00::1 -> fd00::2");
  EXPECT_EQ(block(BlockKind::kSource, "10.0.0.1", "10.0.0.2", 6).to_string(), "source 10.0.0.1");
}

TEST(BlockList, TargetsIgnoreWhatTheKindDoesNotUse) {
  Block a = block(BlockKind::kPair, "10.0.0.1", "10.0.0.2", 6), b = a;
  b.tuple.source_port = 1;
  b.tuple.protocol = 17;
  EXPECT_TRUE(a.same_target(b));
  a.kind = b.kind = BlockKind::kFlow;
  EXPECT_FALSE(a.same_target(b));
}

TEST(BlockList, ReasonsAreTamedAndCut) {
  Block b = block(BlockKind::kSource, "10.0.0.1", "10.0.0.2", 6);
  b.reason = "a\"b\nc\x1b[31m" + std::string(500, 'z');
  const NftElement element = block_elements(b).elements[0];
  EXPECT_EQ(element.comment.find_first_of("\"\n\x1b"), std::string::npos);
  EXPECT_LE(element.comment.size(), 250U);
  const auto back = block_of_element(IpFamily::kV4, BlockSetKind::kSource, element);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->block.reason.substr(0, 11), "a b c [31mz");
}

TEST(BlockList, ForeignElements) {
  NftElement element;
  element.key = {10, 0, 0};
  EXPECT_FALSE(block_of_element(IpFamily::kV4, BlockSetKind::kSource, element));
  element.key = {10, 0, 0, 1};
  element.comment = "put here by hand";
  const auto back = block_of_element(IpFamily::kV4, BlockSetKind::kSource, element);
  ASSERT_TRUE(back) << "it blocks, so it is listed";
  EXPECT_EQ(back->block.sid, 0U);
  EXPECT_EQ(back->block.reason, "");
}

}  // namespace
}  // namespace bulkhead::rules
