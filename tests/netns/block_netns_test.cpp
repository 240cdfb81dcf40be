// Blocks in a real kernel: established connections are cut, others live, blocks end, survive and go.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "rules/block/block_manager.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "tests/netns/net_lab.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::NetLab;
using testing::Probe;
using testing::TcpPair;

class BlockNetns : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"web", "db", "intruder"}, GetParam());
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    has_nft_ = lab_->run("nft --version >/dev/null 2>&1");
    transport_ = open();
    ASSERT_NE(transport_, nullptr);
  }
  static std::unique_ptr<NlTransport> open() {
    auto transport = NlTransport::open();
    EXPECT_TRUE(transport) << transport.error().to_string();
    return transport ? std::move(*transport) : nullptr;
  }
  void load() {
    Enforcer enforcer(*transport_);
    auto report = enforcer.load(nullptr);
    ASSERT_TRUE(report) << report.error().to_string();
  }
  static Block flow_block(const TcpPair& pair, std::chrono::seconds ttl = 60s) {
    Block block;
    block.tuple = {pair.client_address, pair.server_address, pair.client_port, pair.server_port, ip_proto::kTcp};
    block.ttl = ttl;
    block.reason = "test \"quoted\"";
    block.sid = 2001219;
    return block;
  }
  static void expect_added(BlockManager& manager, const Block& block, BlockOutcome want = BlockOutcome::kAdded) {
    auto outcome = manager.add(block);
    ASSERT_TRUE(outcome) << outcome.error().to_string();
    EXPECT_EQ(*outcome, want) << to_string(*outcome);
  }
  IpAddress address(const std::string& name, IpFamily family) const { return lab_->address_of(name, family); }

  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  bool has_nft_ = false;
};

TEST_P(BlockNetns, CutsOneEstablishedFlowAndNoOther) {
  load();
  BlockManager manager(*transport_, {});
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    TcpPair cut, kept;
    ASSERT_TRUE(lab_->connect("intruder", "db", family, 6379, cut));
    ASSERT_TRUE(lab_->connect("intruder", "db", family, 6380, kept));
    ASSERT_TRUE(cut.carries(true, 500ms) && cut.carries(false, 500ms));
    const auto begin = std::chrono::steady_clock::now();
    expect_added(manager, flow_block(cut));
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took, 20ms) << "one round trip on an open socket";
    EXPECT_FALSE(cut.carries(true, 100ms)) << "in force as soon as the call is back";
    EXPECT_FALSE(cut.carries(false, 100ms)) << "both directions";
    EXPECT_TRUE(kept.carries(true, 500ms) && kept.carries(false, 500ms));
    EXPECT_EQ(lab_->tcp("intruder", "db", family, 6381), Probe::kPassed) << "new flows are not blocked";
  }
  EXPECT_EQ(manager.active(), 2U);
}

TEST_P(BlockNetns, FiveHundredInARow) {
  load();
  BlockManager manager(*transport_, {"bulkhead", {}, 100'000, 86400s, false});
  std::vector<std::chrono::nanoseconds> times;
  for (std::uint32_t i = 0; i < 500; ++i) {
    Block block;
    block.tuple = {IpAddress::v4(0x0a4d0100 + i), address("db", IpFamily::kV4), 1000, 80, ip_proto::kTcp};
    const auto begin = std::chrono::steady_clock::now();
    expect_added(manager, block);
    times.push_back(std::chrono::steady_clock::now() - begin);
  }
  std::sort(times.begin(), times.end());
  const auto median = std::chrono::duration_cast<std::chrono::microseconds>(times[times.size() / 2]);
  const auto p99 = std::chrono::duration_cast<std::chrono::microseconds>(times[times.size() * 99 / 100]);
  RecordProperty("median_us", static_cast<int>(median.count()));
  std::printf("block added and acknowledged: median %ld us, p99 %ld us\n", static_cast<long>(median.count()),
              static_cast<long>(p99.count()));
  auto list = manager.list();
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 500U);
}

TEST_P(BlockNetns, PairSourceAndPortlessProtocols) {
  load();
  BlockManager manager(*transport_, {});
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    Block pair;
    pair.kind = BlockKind::kPair;
    pair.tuple = {address("intruder", family), address("db", family), 0, 0, 0};
    expect_added(manager, pair);
    EXPECT_EQ(lab_->tcp("intruder", "db", family, 80), Probe::kTimedOut);
    EXPECT_EQ(lab_->tcp("intruder", "web", family, 80), Probe::kPassed);
    EXPECT_EQ(lab_->ping("web", "db", family), Probe::kPassed);
    Block source;
    source.kind = BlockKind::kSource;
    source.tuple.source = address("intruder", family);
    expect_added(manager, source);
    EXPECT_EQ(lab_->tcp("intruder", "web", family, 80), Probe::kTimedOut);
    EXPECT_EQ(lab_->udp("intruder", "node", family, 53), Probe::kTimedOut) << "the node itself as well";
    Block ping;
    ping.tuple = {address("web", family), address("db", family), 0, 0,
                  family == IpFamily::kV4 ? ip_proto::kIcmp : ip_proto::kIcmpv6};
    // Neighbours stay known: blocking ICMPv6 between two hosts takes neighbour discovery along.
    expect_added(manager, ping);
    EXPECT_EQ(lab_->ping("web", "db", family), Probe::kTimedOut);
    if (family == IpFamily::kV4) {
      EXPECT_EQ(lab_->tcp("web", "db", family, 80), Probe::kPassed);
    }
    for (const Block& block : {pair, source, ping}) {
      auto removed = manager.remove(block);
      ASSERT_TRUE(removed) << removed.error().to_string();
      EXPECT_TRUE(*removed);
    }
    EXPECT_EQ(lab_->tcp("intruder", "db", family, 80), Probe::kPassed);
    auto again = manager.remove(pair);
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again) << "nothing there any more";
  }
}

TEST_P(BlockNetns, ALimitedSourceHasARateAndNobodyElseHas) {
  NftSettings nft;
  nft.limited_packets = 2;
  ASSERT_TRUE(Enforcer(*transport_, nft).load(nullptr));
  BlockManager manager(*transport_, {});
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    EXPECT_EQ(lab_->datagrams("intruder", "db", family, 5000, 40), 40U);
    Block limit;
    limit.kind = BlockKind::kLimit;
    limit.tuple.source = address("intruder", family);
    expect_added(manager, limit);
    const unsigned passed = lab_->datagrams("intruder", "db", family, 5001, 40);
    EXPECT_GE(passed, 3U) << "what is within the rate passes";
    EXPECT_LT(passed, 30U) << "a burst of 5, and 2 a second more";
    EXPECT_EQ(lab_->datagrams("web", "db", family, 5002, 40), 40U);
    auto removed = manager.remove(limit);
    ASSERT_TRUE(removed && *removed);
    EXPECT_EQ(lab_->datagrams("intruder", "db", family, 5003, 40), 40U);
  }
}

TEST_P(BlockNetns, TheKernelEndsBlocksAndRenewingExtends) {
  load();
  BlockManager manager(*transport_, {});
  TcpPair ends, renewed;
  ASSERT_TRUE(lab_->connect("intruder", "db", IpFamily::kV4, 6379, ends));
  ASSERT_TRUE(lab_->connect("intruder", "db", IpFamily::kV4, 6380, renewed));
  expect_added(manager, flow_block(ends, 1s));
  expect_added(manager, flow_block(renewed, 1s));
  expect_added(manager, flow_block(renewed, 60s), BlockOutcome::kRenewed);
  std::this_thread::sleep_for(1300ms);
  EXPECT_TRUE(ends.carries(true, 1000ms));
  EXPECT_FALSE(renewed.carries(true, 100ms));
  expect_added(manager, flow_block(ends, 60s), BlockOutcome::kAdded);
  EXPECT_EQ(manager.active(), 2U);
}

TEST_P(BlockNetns, SurvivesItsMakerAndAReloadAndIsAdopted) {
  load();
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("intruder", "db", IpFamily::kV6, 6379, pair));
  {
    auto first = open();
    BlockManager manager(*first, {});
    expect_added(manager, flow_block(pair, 120s));
  }
  load();  // as a restarted daemon does first
  auto second = open();
  BlockManager manager(*second, {});
  auto adopted = manager.adopt();
  ASSERT_TRUE(adopted) << adopted.error().to_string();
  EXPECT_EQ(*adopted, 1U);
  EXPECT_EQ(manager.active(), 1U);
  EXPECT_FALSE(pair.carries(true, 100ms)) << "in force all the time";
  auto list = manager.list();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U) << "both directions are one block";
  const ActiveBlock& entry = list->front();
  EXPECT_TRUE(entry.block.same_target(flow_block(pair)));
  EXPECT_EQ(entry.block.sid, 2001219U);
  EXPECT_EQ(entry.block.reason, "test  quoted ");
  EXPECT_EQ(entry.block.ttl, 120s);
  EXPECT_GT(entry.expires_in, 100s);
  EXPECT_LE(entry.expires_in, 120s);
  expect_added(manager, flow_block(pair, 60s), BlockOutcome::kRenewed);
  auto removed = manager.remove(entry.block);
  ASSERT_TRUE(removed);
  EXPECT_TRUE(*removed);
  EXPECT_TRUE(pair.carries(true, 2000ms));
}

TEST_P(BlockNetns, NoTableIsAnErrorWithItsName) {
  BlockManager manager(*transport_, {});
  Block block;
  block.kind = BlockKind::kSource;
  block.tuple.source = address("intruder", IpFamily::kV4);
  auto outcome = manager.add(block);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ENOENT);
  EXPECT_EQ(outcome.error().object, "set block4-source in table inet bulkhead");
  EXPECT_EQ(outcome.error().operation, "NFT_MSG_NEWSETELEM");
  EXPECT_EQ(manager.counters().failed.value(), 1U);
}

TEST_P(BlockNetns, RecoverLeavesTheRulesetAsItWas) {
  if (!has_nft_) GTEST_SKIP() << "the nft command is not installed";
  ASSERT_TRUE(
      lab_->run("nft 'add table inet other; add chain inet other c { type filter hook forward priority 0; }; "
                "add rule inet other c ip saddr 192.0.2.1 counter drop; add table bridge bulkheadx'"));
  const std::string before = lab_->output("nft list ruleset");
  load();
  BlockManager manager(*transport_, {});
  Block block;
  block.kind = BlockKind::kSource;
  block.tuple.source = address("intruder", IpFamily::kV4);
  expect_added(manager, block);
  EXPECT_NE(lab_->output("nft list ruleset"), before);
  auto removed = Enforcer::recover(*transport_);
  ASSERT_TRUE(removed) << removed.error().to_string();
  EXPECT_EQ(*removed, 2U) << "inet and bridge";
  EXPECT_EQ(lab_->output("nft list ruleset"), before);
  EXPECT_EQ(lab_->tcp("intruder", "db", IpFamily::kV4, 80), Probe::kPassed);
  auto nothing = Enforcer::recover(*transport_);
  ASSERT_TRUE(nothing);
  EXPECT_EQ(*nothing, 0U);
}

INSTANTIATE_TEST_SUITE_P(Modes, BlockNetns, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "BrNetfilter" : "BridgeOnly"; });

}  // namespace
}  // namespace bulkhead::rules
