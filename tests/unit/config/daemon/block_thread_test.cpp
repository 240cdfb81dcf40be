#include "config/daemon/block_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace bulkhead::config {
namespace {

using pipeline::BlockRequest;

// A kernel that says yes to everything, or refuses.
class FakeKernel final : public rules::NftTransport {
 public:
  Status apply(const rules::NftBatch& batch) override {
    ++batches;
    for (const rules::NftCommand& command : batch) {
      if (command.name != limits || command.family != rules::NftFamily::kInet) continue;
      if (command.op == rules::NftOp::kAddElements) limited = command.set.elements;
      if (command.op == rules::NftOp::kDeleteElements) limited.clear();
    }
    if (refuse) return Error{"add element", "set block4-flow", ENOSPC, "No space left on device"};
    return ok();
  }
  Result<rules::NftRuleset> dump(const std::string&) override { return rules::NftRuleset{}; }
  Result<std::vector<rules::NftElement>> dump_elements(rules::NftFamily, const std::string&,
                                                       const std::string& set) override {
    return set == limits ? limited : std::vector<rules::NftElement>{};
  }
  const std::string limits = rules::block_set_name(IpFamily::kV4, rules::BlockSetKind::kLimit);
  std::vector<rules::NftElement> limited;  // of the block thread
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

TEST_F(BlockThreadTest, WhatCanBeForgedBlocksNothing) {
  settings.ladder.first = settings.ladder.last = rules::ResponseStep::kQuarantine;
  const auto events = run({request(1, false), request(2, true)});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].action, "refuse");
  EXPECT_EQ(events[0].error, rules::to_string(rules::Ruling::kForgeable));
  EXPECT_EQ(events[1].action, "add");
  EXPECT_EQ(events[1].kind, "source");
  EXPECT_EQ(stat("response.forgeable"), 1U);
}

TEST_F(BlockThreadTest, TheSenderOfThePacketThatMatchedIsBlocked) {
  settings.ladder.first = settings.ladder.last = rules::ResponseStep::kQuarantine;
  BlockRequest answer = request(1, true);
  answer.direction = Direction::kToClient;
  const auto events = run({answer});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].header.tuple.source.to_string(), "10.0.0.3") << "the server's, whose answer it was";
}

TEST_F(BlockThreadTest, WhatAnEarlierStepCutIsNoNewFinding) {
  settings.ladder.first = settings.ladder.last = rules::ResponseStep::kEdge;
  const auto events = run({request(1, true), request(2, true), request(3, true)});
  EXPECT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, "pair");
  EXPECT_EQ(stat("response.repeated"), 2U);
}

// The flow of a finding that is limited lives on: its next finding is a repetition.
TEST_F(BlockThreadTest, ALimitedFlowClimbsWithItsNextFinding) {
  settings.ladder.first = rules::ResponseStep::kLimit;
  settings.ladder.settle = std::chrono::seconds(0);
  rules::BlockManager manager(kernel, block_settings);
  Collector collector;
  BlockThread thread(settings, manager, collector);
  thread.start();
  thread.request(request(1, true));
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));  // a second of the clock begins
  thread.request(request(1, true));
  thread.stop();
  ASSERT_EQ(collector.events.size(), 2U);
  EXPECT_EQ(collector.events[0].kind, "limit");
  EXPECT_EQ(collector.events[1].kind, "flow");
}

TEST_F(BlockThreadTest, AnIncidentIsAnsweredByTheSameLadder) {
  settings.ladder.first = settings.ladder.last = rules::ResponseStep::kEdge;
  rules::ResponseEvidence evidence;
  evidence.client = evidence.packet = request(1, true).client;
  evidence.reason = "incident 1: a scan";
  rules::BlockManager manager(kernel, block_settings);
  Collector collector;
  rules::Neighbourhood neighbourhood;
  neighbourhood.by_own_port = [](const IpAddress&, std::uint32_t interface) { return interface == 7; };
  BlockThread thread(settings, manager, collector, neighbourhood);
  thread.start();
  thread.answer(evidence, 5, 8);  // another's port, no handshake
  thread.answer(evidence, 5, 7);
  thread.stop();
  ASSERT_EQ(collector.events.size(), 2U);
  EXPECT_EQ(collector.events[0].error, rules::to_string(rules::Ruling::kForgeable));
  EXPECT_EQ(collector.events[1].action, "add");
  EXPECT_EQ(collector.events[1].kind, "pair");
  EXPECT_EQ(collector.events[1].header.flow_id, 5U);
  EXPECT_EQ(collector.events[1].reason, "incident 1: a scan");
}

TEST_F(BlockThreadTest, AttackersByTheTenThousand) {
  settings.ladder.max_per_minute = 50;
  std::vector<BlockRequest> many;
  for (std::uint32_t i = 1; i <= 10'000; ++i) {
    many.push_back(request(i, true));
    many.back().client.source = IpAddress::v4(0x0a640000 + i);
  }
  const auto events = run(many);
  EXPECT_EQ(stat("response.added"), 50U);
  EXPECT_EQ(stat("response.requests"), 10'000U);
  EXPECT_EQ(events.size(), 10'000U) << "each is told";
  EXPECT_EQ(stat("response.breaker.active"), 1U);
}

TEST_F(BlockThreadTest, ObserveTellsAndDecidesNothing) {
  settings.mode = ResponseMode::kObserve;
  const auto events = run({request(1, true)});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].action, "log");
  EXPECT_EQ(kernel.batches, 0);
}

TEST_F(BlockThreadTest, AttackersBeyondTheCapOpenTheBreaker) {
  settings.ladder.max_per_minute = 10;
  settings.ladder.breaker_refusals = 5;
  std::vector<BlockRequest> many;
  for (std::uint32_t i = 1; i <= 100; ++i) {
    many.push_back(request(i, true));
    const Byte bytes[4] = {10, 7, 0, static_cast<Byte>(i)};
    many.back().client.source = IpAddress::v4(bytes);
  }
  const auto events = run(many);
  const auto count = [&](std::string_view action) {
    return std::count_if(events.begin(), events.end(), [&](const auto& e) { return e.action == action; });
  };
  EXPECT_EQ(count("add"), 10);
  EXPECT_EQ(count("refuse"), 5);
  EXPECT_EQ(count("dry-run"), 85);
  EXPECT_EQ(stat("response.breaker_opened"), 1U);
  EXPECT_EQ(stat("response.breaker.active"), 1U);
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

rules::ResponseEvidence posture_of(const char* source, bool verified = true) {
  rules::ResponseEvidence out;
  out.packet = out.client = {*IpAddress::parse(source), *IpAddress::parse("10.0.0.3"), 40000, 80, ip_proto::kTcp};
  out.established = verified;
  out.reason = "posture privileged";
  return out;
}

// What the settings say of a mode holds for limits of posture, too.
TEST_F(BlockThreadTest, APostureIsLimitedAsTheModeSays) {
  rules::Owner api{"shop/api", {*IpAddress::parse("10.0.0.4"), *IpAddress::parse("fd00::4")}};
  const auto answer = [&](ResponseMode mode) {
    settings.mode = mode;
    block_settings.dry_run = mode == ResponseMode::kSimulate;
    rules::BlockManager manager(kernel, block_settings);
    Collector collector;
    BlockThread thread(settings, manager, collector, {.owner_of = [&](const IpAddress&) { return &api; }});
    std::vector<std::string> made;
    thread.on_limits(
        {.made = [&](const rules::Owner& owner, const std::string& reason,
                     bool in_force) { made.push_back(owner.name + " " + reason + (in_force ? "!" : "?")); },
         .ended = {}});
    thread.start();
    thread.limit(posture_of("10.0.0.4"), 5, 0);
    thread.limit(posture_of("10.0.0.4"), 6, 0);  // again: nothing new
    thread.limit(posture_of("10.0.0.9", false), 7, 0);
    thread.stop();
    std::string out;
    for (const auto& e : collector.events) out += std::string(e.action) + " " + std::string(e.kind) + ", ";
    for (const std::string& each : made) out += each + ", ";
    return out;
  };
  const int before = kernel.batches;
  EXPECT_EQ(answer(ResponseMode::kObserve),
            "log limit, log limit, log limit, shop/api posture privileged?, shop/api "
            "posture privileged?, shop/api posture privileged?, ");
  EXPECT_EQ(answer(ResponseMode::kSimulate), "dry-run limit, refuse limit, shop/api posture privileged?, ");
  EXPECT_EQ(kernel.batches, before);
  EXPECT_EQ(answer(ResponseMode::kEnforce), "add limit, refuse limit, shop/api posture privileged!, ");
  EXPECT_GT(kernel.batches, before);
}

TEST_F(BlockThreadTest, AStandingLimitIsToldOnceAndRenewed) {
  settings.ladder.limit_ttl = std::chrono::seconds(0);  // over at once
  rules::BlockManager manager(kernel, block_settings);
  Collector collector;
  BlockThread thread(settings, manager, collector);
  thread.start();
  for (int i = 0; i < 3; ++i) thread.keep_limited({{"shop/api", posture_of("10.0.0.4")}});
  thread.stop();
  EXPECT_EQ(collector.events.size(), 1U);
  EXPECT_EQ(kernel.batches, 6) << "the limit, and then what was admitted before it, three times";
}

TEST_F(BlockThreadTest, WhoIsLetGoStaysFreeUntilItIsAnotherContainer) {
  rules::BlockManager manager(kernel, block_settings);
  Collector collector;
  BlockThread thread(settings, manager, collector);
  std::vector<std::string> ended;
  thread.on_limits({.made = {}, .ended = [&](const std::vector<IpAddress>& addresses) {
                      for (const IpAddress& address : addresses) ended.push_back(address.to_string());
                    }});
  thread.start();
  thread.keep_limited({{"shop/api", posture_of("10.0.0.4")}});
  thread.undo(1, [](const auto& undone) { EXPECT_TRUE(undone); });
  for (int i = 0; i < 2; ++i) thread.keep_limited({{"shop/api", posture_of("10.0.0.4")}});
  thread.keep_limited({});
  thread.keep_limited({{"shop/api", posture_of("10.0.0.4")}});
  thread.stop();
  ASSERT_EQ(collector.events.size(), 3U);
  EXPECT_EQ(collector.events[0].action, "add");
  EXPECT_EQ(collector.events[1].action, "remove");
  EXPECT_EQ(collector.events[2].action, "add");
  EXPECT_EQ(ended, std::vector<std::string>{"10.0.0.4"});
}

}  // namespace
}  // namespace bulkhead::config
