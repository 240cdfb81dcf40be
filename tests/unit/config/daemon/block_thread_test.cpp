#include "config/daemon/block_thread.h"

#include <gtest/gtest.h>

#include <condition_variable>

namespace bulkhead::config {
namespace {

using pipeline::BlockRequest;

// A kernel that says yes to everything, or refuses.
class FakeKernel final : public rules::NftTransport {
 public:
  Status apply(const rules::NftBatch&) override {
    ++batches;
    if (refuse) return Error{"add element", "set block4-flow", ENOSPC, "No space left on device"};
    return ok();
  }
  Result<rules::NftRuleset> dump(const std::string&) override { return rules::NftRuleset{}; }
  Result<std::vector<rules::NftElement>> dump_elements(rules::NftFamily, const std::string&,
                                                       const std::string&) override {
    return std::vector<rules::NftElement>{};
  }
  std::atomic<int> batches{0};
  std::atomic<bool> refuse{false};
};

class Collector final : public event::EventPublisher {
 public:
  void publish(event::Event&& e) override { events.push_back(std::get<event::BlockEvent>(std::move(e))); }
  void watermark(std::uint64_t) override {}
  std::vector<event::BlockEvent> events;
};

class BlockThreadTest : public testing::Test {
 protected:
  static BlockRequest request(std::uint64_t flow, bool verified) {
    BlockRequest r;
    r.client = {*IpAddress::parse("10.0.0.4"), *IpAddress::parse("10.0.0.3"), 40000, 80, ip_proto::kTcp};
    r.flow_id = flow;
    r.verified = verified;
    r.is_tcp = true;
    auto info = std::make_shared<event::SignatureInfo>();
    info->sid = 7;
    info->message = "exploit";
    r.signature = std::move(info);
    return r;
  }
  std::vector<event::BlockEvent> run(const std::vector<BlockRequest>& requests) {
    rules::BlockManager manager(kernel, block_settings);
    Collector collector;
    BlockThread thread(settings, manager, collector);
    thread.start();
    for (const auto& r : requests) thread.request(r);
    thread.stop();  // works off what waits
    thread.add_stats(stats);
    return collector.events;
  }
  std::uint64_t stat(const std::string& name) const {
    for (const auto& [key, value] : stats) {
      if (key == name) return value;
    }
    return UINT64_MAX;
  }

  FakeKernel kernel;
  rules::BlockSettings block_settings;
  ResponseSettings settings{.mode = ResponseMode::kEnforce, .reset = false};
  std::vector<std::pair<std::string, std::uint64_t>> stats;
};

TEST_F(BlockThreadTest, BlocksTheFlowAndTellsWhy) {
  const auto events = run({request(1, true)});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].action, "add");
  EXPECT_EQ(events[0].kind, "flow");
  EXPECT_EQ(events[0].sid, 7U);
  EXPECT_EQ(events[0].reason, "exploit");
  EXPECT_EQ(events[0].header.tuple.destination_port, 80);
  EXPECT_EQ(kernel.batches, 2) << "the block, and then what was admitted before it";
}

TEST_F(BlockThreadTest, AFlowIsAskedForOnce) {
  const auto events = run({request(1, true), request(1, true), request(1, true)});
  EXPECT_EQ(events.size(), 1U);
  EXPECT_EQ(stat("response.repeated"), 2U);
}

// Packets behind the match only move the resets: they are no requests, whatever became of the block.
TEST_F(BlockThreadTest, WhatFollowsAMatchBlocksNothingByItself) {
  BlockRequest behind = request(1, true);
  behind.follows = true;
  behind.signature = nullptr;
  const auto events = run({behind, request(1, true), behind, behind});
  EXPECT_EQ(events.size(), 1U);
  EXPECT_EQ(kernel.batches, 2) << "the block, and then what was admitted before it";
  EXPECT_EQ(stat("response.requests"), 1U);
  EXPECT_EQ(stat("response.repeated"), 0U);
}

TEST_F(BlockThreadTest, WhatCanBeForgedBlocksNoMoreThanItsFlow) {
  settings.scope = ResponseScope::kSource;
  const auto events = run({request(1, false), request(2, true)});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, "flow");
  EXPECT_EQ(events[1].kind, "source");
}

TEST_F(BlockThreadTest, SafeAddressesAreRefusedWithTheReason) {
  block_settings.safe_list.push_back(*IpPrefix::parse("10.0.0.0/29"));
  const auto events = run({request(1, true)});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].action, "refuse");
  EXPECT_EQ(events[0].error, rules::to_string(rules::BlockOutcome::kSafe));
  EXPECT_EQ(kernel.batches, 0);
  EXPECT_EQ(stat("response.refused"), 1U);
}

TEST_F(BlockThreadTest, DryRunTouchesNothing) {
  block_settings.dry_run = true;
  const auto events = run({request(1, true)});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].action, "dry-run");
  EXPECT_EQ(kernel.batches, 0);
}

TEST_F(BlockThreadTest, KernelRefusalIsAnEventWithItsText) {
  kernel.refuse = true;
  const auto events = run({request(1, true)});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].action, "refuse");
  EXPECT_NE(events[0].error.find("No space left"), std::string::npos);
  EXPECT_EQ(stat("response.failed"), 1U);
}

}  // namespace
}  // namespace bulkhead::config
