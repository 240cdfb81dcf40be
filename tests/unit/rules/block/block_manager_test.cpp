#include "rules/block/block_manager.h"

#include <gtest/gtest.h>

#include "rules/nft/nft_renderer.h"
#include "rules/nft/ruleset_diff.h"
#include "tests/unit/rules/nft/fake_nft_transport.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::FakeNftTransport;

class BlockManagerTest : public ::testing::Test {
 protected:
  BlockManagerTest() {
    EXPECT_TRUE(kernel_.apply(compare_rulesets(render_ruleset(nullptr, {}, {}), {}).batch));
    kernel_.batches = 0;
  }
  static Block source(const std::string& address) {
    Block b;
    b.kind = BlockKind::kSource;
    b.tuple.source = *IpAddress::parse(address);
    return b;
  }
  static Block flow(const std::string& from, const std::string& to) {
    Block b;
    b.tuple = {*IpAddress::parse(from), *IpAddress::parse(to), 1000, 80, ip_proto::kTcp};
    return b;
  }
  BlockOutcome add(BlockManager& manager, const Block& block, std::chrono::seconds at = 0s) {
    auto outcome = manager.add(block, start_ + at);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().to_string());
    return outcome ? *outcome : BlockOutcome::kBadAddress;
  }
  std::size_t elements(NftFamily family, const char* set) {
    return kernel_.kernel.table(family, "bulkhead")->set(set)->elements.size();
  }

  FakeNftTransport kernel_;
  BlockManager::Clock::time_point start_ = BlockManager::Clock::now();
};

TEST_F(BlockManagerTest, OneTransactionForBothFamiliesAndDirections) {
  BlockManager manager(kernel_, {});
  EXPECT_EQ(add(manager, flow("10.0.0.1", "10.0.0.2")), BlockOutcome::kAdded);
  EXPECT_EQ(kernel_.batches, 2U) << "the block, and then what was admitted before it";
  EXPECT_EQ(elements(NftFamily::kInet, "block4-flow"), 2U);
  EXPECT_EQ(elements(NftFamily::kBridge, "block4-flow"), 2U);
  EXPECT_EQ(manager.active(start_), 1U);
}

TEST_F(BlockManagerTest, TheFirstBlockMakesTheHooks) {
  const auto hook = [&](const char* name) { return kernel_.kernel.table(NftFamily::kInet, "bulkhead")->chain(name); };
  EXPECT_EQ(hook("block-in"), nullptr);
  BlockManager manager(kernel_, {});
  add(manager, source("10.0.0.1"));
  for (const char* name : {"block-in", "block-out"}) {
    ASSERT_NE(hook(name), nullptr) << name;
    EXPECT_EQ(hook(name)->rules.size(), 2U);
    EXPECT_EQ(hook(name)->hook->priority, -300);
  }
  add(manager, source("10.0.0.2"));
  EXPECT_EQ(hook("block-in")->rules.size(), 2U);

  BlockManager another(kernel_, {});  // of the command line: it cannot know
  add(another, source("10.0.0.3"));
  EXPECT_EQ(hook("block-in")->rules.size(), 2U);

  std::erase_if(kernel_.kernel.tables[kernel_.kernel.tables[0].family == NftFamily::kInet ? 0 : 1].chains,
                [](const NftChain& chain) { return chain.name == "block-in"; });
  manager.distrust_hooks();
  add(manager, source("10.0.0.4"));
  ASSERT_NE(hook("block-in"), nullptr) << "somebody took it away";
  EXPECT_EQ(hook("block-in")->rules.size(), 2U);
}

TEST_F(BlockManagerTest, AddressesThatAreNone) {
  BlockManager manager(kernel_, {});
  for (const char* address : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"}) {
    EXPECT_EQ(add(manager, source(address)), BlockOutcome::kBadAddress) << address;
  }
  EXPECT_EQ(add(manager, Block{}), BlockOutcome::kBadAddress);
  Block mixed = flow("10.0.0.1", "fd00::1");
  EXPECT_EQ(add(manager, mixed), BlockOutcome::kBadAddress);
  EXPECT_EQ(manager.counters().refused_address.value(), 9U);
  EXPECT_EQ(kernel_.batches, 0U);
}

TEST_F(BlockManagerTest, TheSafeListIsNeverBlocked) {
  BlockManager manager(kernel_,
                       {"bulkhead", {*IpPrefix::parse("10.0.0.0/24"), *IpPrefix::parse("fd00::53")}, 600, 24h, false});
  EXPECT_EQ(add(manager, source("10.0.0.1")), BlockOutcome::kSafe);
  EXPECT_EQ(add(manager, source("fd00::53")), BlockOutcome::kSafe);
  EXPECT_EQ(add(manager, flow("10.0.0.1", "10.9.0.1")), BlockOutcome::kSafe);
  EXPECT_EQ(add(manager, flow("10.9.0.1", "10.0.0.1")), BlockOutcome::kAdded) << "who attacks the gateway is not safe";
  EXPECT_EQ(add(manager, source("10.0.1.0")), BlockOutcome::kAdded);
  EXPECT_EQ(manager.counters().refused_safe.value(), 3U);
}

TEST_F(BlockManagerTest, TheCapPerMinuteSlides) {
  BlockManager manager(kernel_, {"bulkhead", {}, 3, 24h, false});
  EXPECT_EQ(add(manager, source("10.0.0.1"), 0s), BlockOutcome::kAdded);
  EXPECT_EQ(add(manager, source("10.0.0.2"), 10s), BlockOutcome::kAdded);
  EXPECT_EQ(add(manager, source("10.0.0.3"), 20s), BlockOutcome::kAdded);
  EXPECT_EQ(add(manager, source("10.0.0.4"), 30s), BlockOutcome::kTooMany);
  EXPECT_EQ(add(manager, source("10.0.0.3"), 31s), BlockOutcome::kRenewed) << "renewing counts for nothing";
  EXPECT_EQ(add(manager, source("10.0.0.4"), 60s), BlockOutcome::kAdded) << "the first is a minute old";
  EXPECT_EQ(add(manager, source("10.0.0.5"), 61s), BlockOutcome::kTooMany);
  EXPECT_EQ(manager.counters().refused_rate.value(), 2U);
}

TEST_F(BlockManagerTest, DryRunTouchesNothing) {
  BlockManager manager(kernel_, {"bulkhead", {}, 600, 24h, true});
  EXPECT_EQ(add(manager, source("10.0.0.1")), BlockOutcome::kDryRun);
  EXPECT_EQ(kernel_.batches, 0U);
  EXPECT_EQ(manager.counters().dry_run.value(), 1U);
}

TEST_F(BlockManagerTest, TimeToLiveIsBounded) {
  BlockManager manager(kernel_, {"bulkhead", {}, 600, 100s, false});
  Block b = source("10.0.0.1");
  b.ttl = 1h;
  add(manager, b);
  EXPECT_EQ(kernel_.kernel.table(NftFamily::kInet, "bulkhead")->set("block4-source")->elements[0].timeout_ms, 100'000U);
  EXPECT_EQ(manager.active(start_ + 99s), 1U);
  EXPECT_EQ(manager.active(start_ + 101s), 0U);
  b = source("10.0.0.2");
  b.ttl = 0s;
  add(manager, b);
  EXPECT_EQ(kernel_.kernel.table(NftFamily::kInet, "bulkhead")->set("block4-source")->elements[1].timeout_ms, 1000U)
      << "zero would mean for ever";
}

TEST_F(BlockManagerTest, RenewingWhatTheKernelHasLost) {
  BlockManager manager(kernel_, {});
  add(manager, source("10.0.0.1"));
  for (NftTable& table : kernel_.kernel.tables) table.sets[0].elements.clear();
  EXPECT_EQ(add(manager, source("10.0.0.1"), 1s), BlockOutcome::kRenewed);
  EXPECT_EQ(elements(NftFamily::kInet, "block4-source"), 1U);
  EXPECT_EQ(elements(NftFamily::kBridge, "block4-source"), 1U);
}

TEST_F(BlockManagerTest, AdoptTakesOverWhatIsThere) {
  {
    BlockManager earlier(kernel_, {});
    add(earlier, source("10.0.0.1"));
    add(earlier, flow("fd00::1", "fd00::2"));
  }
  for (NftTable& table : kernel_.kernel.tables) {
    for (NftSet& set : table.sets) {
      for (NftElement& e : set.elements) e.expires_ms = 50'000;
    }
  }
  BlockManager manager(kernel_, {});
  auto adopted = manager.adopt(start_);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(*adopted, 2U);
  EXPECT_EQ(manager.active(start_ + 49s), 2U);
  EXPECT_EQ(manager.active(start_ + 51s), 0U);
}

TEST_F(BlockManagerTest, RemoveAndRefusals) {
  BlockManager manager(kernel_, {});
  add(manager, source("10.0.0.1"));
  auto removed = manager.remove(source("10.0.0.1"));
  ASSERT_TRUE(removed);
  EXPECT_TRUE(*removed);
  removed = manager.remove(source("10.0.0.1"));
  ASSERT_TRUE(removed);
  EXPECT_FALSE(*removed);
  kernel_.fail_next = ENFILE;
  auto full = manager.add(source("10.0.0.2"), start_);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ENFILE);
  EXPECT_EQ(manager.counters().failed.value(), 1U);
  EXPECT_EQ(manager.active(start_), 0U) << "not in our books either";
}

TEST_F(BlockManagerTest, ABlockEndsWithItsContainer) {
  BlockManager manager(kernel_, {});
  add(manager, source("10.0.0.4"));
  add(manager, flow("10.0.0.5", "10.0.0.4"));
  add(manager, flow("10.0.0.5", "10.0.0.6"));
  const auto ended = manager.forget({*IpAddress::parse("10.0.0.4"), *IpAddress::parse("fd00::4")});
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, 2U);
  const auto left = manager.list();
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().block.tuple.destination.to_string(), "10.0.0.6");
  EXPECT_EQ(add(manager, source("10.0.0.4")), BlockOutcome::kAdded) << "the books know it too";
}

TEST_F(BlockManagerTest, WhatOthersEmptiedStandsAgainWithTheTimeThatIsLeft) {
  BlockManager manager(kernel_, {});
  Block longer = source("10.0.0.4");
  longer.ttl = 300s;
  longer.reason = "exploit";
  longer.sid = 7;
  add(manager, longer);
  Block shorter = flow("10.0.0.5", "10.0.0.6");
  shorter.ttl = 50s;
  add(manager, shorter);
  kernel_.kernel = {};
  EXPECT_TRUE(kernel_.apply(compare_rulesets(render_ruleset(nullptr, {}, {}), {}).batch));
  const auto restored = manager.restore(start_ + 100s);
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_EQ(*restored, 1U) << "the other one is over";
  const auto now = manager.list();
  ASSERT_TRUE(now);
  ASSERT_EQ(now->size(), 1U);
  EXPECT_EQ(now->front().block.reason, "exploit");
  EXPECT_EQ(now->front().block.sid, 7U);
  EXPECT_EQ(kernel_.kernel.table(NftFamily::kInet, "bulkhead")->set("block4-source")->elements[0].timeout_ms, 200'000U);
  EXPECT_EQ(elements(NftFamily::kBridge, "block4-ends"), 1U);
}

}  // namespace
}  // namespace bulkhead::rules
