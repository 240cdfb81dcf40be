// The codec against the kernel itself: what is written comes back the same, and the kernel's refusals are
// told with object, errno and text. Own network namespace; root.
#include "rules/nft/nl_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "rules/nft/nft_printer.h"
#include "rules/nft/nft_renderer.h"
#include "rules/nft/rule_builder.h"
#include "rules/nft/ruleset_diff.h"
#include "tests/unit/rules/random_policies.h"

namespace bulkhead::rules {
namespace {

class NlTransportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "a network namespace needs root";
    before_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "cannot make a network namespace";
    auto opened = NlTransport::open();
    ASSERT_TRUE(opened) << opened.error().to_string();
    transport_ = std::move(*opened);
  }
  void TearDown() override {
    transport_.reset();
    if (before_ >= 0) {
      ::setns(before_, CLONE_NEWNET);
      ::close(before_);
    }
  }
  static NftCommand command(NftOp op, const std::string& name = "", NftFamily family = NftFamily::kInet) {
    NftCommand c;
    c.op = op;
    c.family = family;
    c.table = "t";
    c.name = name;
    return c;
  }
  int before_ = -1;
  std::unique_ptr<NlTransport> transport_;
};

NftSet interval_set() {
  NftSet set;
  set.name = "ranges";
  set.key = {NftType::kIpv4};
  set.interval = true;
  for (const auto& [first, end] :
       {std::pair{0x0a000000U, 0x0a000100U}, {0x0a000200U, 0x0a000201U}, {0xc0000000U, 0U}}) {
    NftElement e;
    e.key = address_bytes(IpAddress::v4(first));
    set.elements.push_back(e);
    if (end == 0) continue;
    e.key = address_bytes(IpAddress::v4(end));
    e.interval_end = true;
    set.elements.push_back(e);
  }
  return set;
}

// The merged ranges as elements, as the renderer writes them.
NftSet set_of(const AddressSet& addresses) {
  NftSet set;
  set.name = "peers";
  set.key = {NftType::kIpv4};
  set.interval = true;
  for (const IpRange& range : addresses.ranges()) {
    NftElement e;
    e.key = address_bytes(range.first);
    set.elements.push_back(e);
    if (range.last.is_last()) continue;
    e.key = address_bytes(range.last.next());
    e.interval_end = true;
    set.elements.push_back(e);
  }
  return set;
}

NftSet concat_range_set() {
  NftSet set;
  set.name = "pairs";
  set.key = {NftType::kIpv4, NftType::kService};
  set.interval = true;
  NftElement e;
  e.key = {10, 0, 0, 0, 0, 80, 0, 0};
  e.key_end = {10, 0, 0, 255, 0, 90, 0, 0};
  set.elements.push_back(e);
  return set;
}

NftRuleset one_of_everything(NftFamily family) {
  NftTable table;
  table.family = family;
  table.name = "t";
  table.sets = {interval_set(), concat_range_set()};
  NftSet map;
  map.name = "dispatch";
  map.key = {NftType::kIpv6};
  map.verdict_map = true;
  NftElement element;
  element.key = Bytes(16, 0xfd);
  element.verdict = NftVerdict{NFT_JUMP, "plain"};
  map.elements.push_back(element);
  table.sets.push_back(map);
  NftSet timed;
  timed.name = "timed";
  timed.key = {NftType::kIpv4, NftType::kProtocol};
  timed.timeouts = timed.from_packets = true;
  timed.size = 1000;
  element = {};
  element.key = {10, 0, 0, 1, 6, 0, 0, 0};
  element.timeout_ms = 600'000;
  element.comment = "sid=7 reason=why";
  timed.elements.push_back(element);
  table.sets.push_back(timed);

  NftChain plain{"plain", std::nullopt, {}};
  const auto rule = [&] { return RuleBuilder(family); };
  plain.rules.push_back(rule()
                            .ip_version(IpFamily::kV4)
                            .load_address(IpFamily::kV4, PacketSide::kSource)
                            .in_set("ranges")
                            .counter()
                            .verdict(NF_DROP)
                            .done("one"));
  plain.rules.push_back(rule()
                            .ip_version(IpFamily::kV4)
                            .load_address(IpFamily::kV4, PacketSide::kDestination)
                            .load_port(PacketSide::kDestination, 5)
                            .in_set("pairs", true)
                            .verdict(NFT_RETURN)
                            .done());
  plain.rules.push_back(rule()
                            .protocol(6)
                            .load_port(PacketSide::kSource)
                            .between({0, 10}, {0, 20})
                            .limit(10)
                            .log("bulkhead ")
                            .verdict(NF_ACCEPT)
                            .done("ranges and logs"));
  plain.rules.push_back(rule()
                            .ip_version(IpFamily::kV4)
                            .load_address(IpFamily::kV4, PacketSide::kSource)
                            .load_protocol(5)
                            .update("timed", 120'000)
                            .done());
  plain.rules.push_back(rule()
                            .protocol(6)
                            .load(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1)
                            .masked({0x12})
                            .differs({0x02})
                            .verdict(NF_ACCEPT)
                            .done());
  if (family == NftFamily::kInet) {
    plain.rules.push_back(rule().ct_state(6).verdict(NF_ACCEPT).done());
    plain.rules.push_back(rule().protocol(6).counter().reject_tcp().done());
    plain.rules.push_back(rule().counter().reject_unreachable().done());
  }
  NftChain base{"base", NftHook{"filter", 2, -10, NF_ACCEPT}, {}};
  base.rules.push_back(
      rule().ip_version(IpFamily::kV6).load_address(IpFamily::kV6, PacketSide::kSource).vmap("dispatch").done());
  base.rules.push_back(rule().load_interface(false).equals(interface_bytes("lo")).verdict(NFT_GOTO, "plain").done());
  table.chains = {plain, base};
  return {{table}};
}

// Merged intervals grow, shrink, split and join in place, while a rule uses their set.
TEST_F(NlTransportTest, IntervalSetsFollowAnyChangeInPlace) {
  std::mt19937_64 random(7);
  const auto make = [&] {
    std::vector<IpRange> ranges;
    for (std::uint64_t i = random() % 12; i > 0; --i) {
      // Small numbers, so that ranges touch; sometimes the ends of the space.
      const auto at = static_cast<std::uint32_t>(random() % 40);
      const std::uint32_t first = random() % 9 == 0 ? 0xffffffd0U + at : random() % 9 == 0 ? at : 0x0a000000U + at;
      const std::uint32_t last = std::max(first, first + static_cast<std::uint32_t>(random() % 4));
      ranges.push_back({IpAddress::v4(first), IpAddress::v4(last)});
    }
    return AddressSet::of(ranges);
  };
  NftRuleset want;
  want.tables.push_back({NftFamily::kInet, "t", {}, {set_of(make())}});
  RuleBuilder uses(NftFamily::kInet);
  uses.ip_version(IpFamily::kV4).load_address(IpFamily::kV4, PacketSide::kSource).in_set("peers");
  want.tables[0].chains.push_back({"c", std::nullopt, {uses.verdict(NF_DROP).done()}});
  for (int i = 0; i < 400; ++i) {
    want.tables[0].sets[0] = set_of(make());
    auto actual = transport_->dump("t");
    ASSERT_TRUE(actual) << actual.error().to_string();
    const RulesetDifference change = compare_rulesets(want, *actual);
    for (const NftCommand& command : change.batch) {
      EXPECT_TRUE(i == 0 || command.op == NftOp::kAddElements || command.op == NftOp::kDeleteElements)
          << to_string(command.op) << ": only elements change";
    }
    auto applied = transport_->apply(change.batch);
    ASSERT_TRUE(applied) << i << ": " << applied.error().to_string();
    auto after = transport_->dump("t");
    ASSERT_TRUE(after);
    const auto findings = compare_rulesets(want, *after).findings;
    ASSERT_TRUE(findings.empty()) << i << ": " << findings.front();
  }
}

TEST_F(NlTransportTest, WhatIsWrittenComesBackTheSame) {
  for (const NftFamily family : {NftFamily::kInet, NftFamily::kBridge}) {
    const NftRuleset desired = one_of_everything(family);
    auto status = transport_->apply(compare_rulesets(desired, {}).batch);
    ASSERT_TRUE(status) << status.error().to_string();
    auto actual = transport_->dump("t");
    ASSERT_TRUE(actual) << actual.error().to_string();
    const NftTable* read = actual->table(family, "t");
    ASSERT_NE(read, nullptr);
    for (const NftChain& chain : desired.tables[0].chains) {
      ASSERT_NE(read->chain(chain.name), nullptr);
      EXPECT_EQ(read->chain(chain.name)->hook, chain.hook);
      ASSERT_EQ(read->chain(chain.name)->rules.size(), chain.rules.size());
      for (std::size_t i = 0; i < chain.rules.size(); ++i) {
        EXPECT_EQ(read->chain(chain.name)->rules[i], chain.rules[i]) << print_rule(read->chain(chain.name)->rules[i]);
        EXPECT_NE(read->chain(chain.name)->rules[i].handle, 0U);
      }
    }
    const RulesetDifference rest = compare_rulesets(desired, {{*read}});
    EXPECT_TRUE(rest.empty()) << (rest.findings.empty() ? "" : rest.findings[0]);
    const NftSet* timed = read->set("timed");
    ASSERT_NE(timed, nullptr);
    ASSERT_EQ(timed->elements.size(), 1U);
    EXPECT_EQ(timed->elements[0].comment, "sid=7 reason=why");
    EXPECT_EQ(timed->elements[0].timeout_ms, 600'000U);
    EXPECT_GT(timed->elements[0].expires_ms, 590'000U);
  }
}

TEST_F(NlTransportTest, NftReadsOurRulesAsWeMeantThem) {
  if (std::system("nft --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "the nft command is not installed";
  auto status = transport_->apply(compare_rulesets(one_of_everything(NftFamily::kInet), {}).batch);
  ASSERT_TRUE(status) << status.error().to_string();
  FILE* pipe = ::popen("nft -j list ruleset 2>&1", "r");
  ASSERT_NE(pipe, nullptr);
  std::string json;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) json.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << json;
  for (const char* part :
       {R"("type": ["ipv4_addr", "inet_service"])", R"("map": "verdict")",
        R"({"prefix": {"addr": "10.0.0.0", "len": 24}}, "10.0.2.0")", R"("comment": "ranges and logs")",
        R"({"jump": {"target": "plain"}})", R"({"limit": {"rate": 10, "burst": 10, "per": "second"}})",
        R"("prefix": "bulkhead ")", R"({"reject": {"type": "tcp reset"}})", R"("right": ["established", "related"])",
        R"("prio": -10, "policy": "accept")", R"("elem": {"val": {"concat": ["10.0.0.1", "tcp"]}, "timeout": 600)"}) {
    std::string want(part), have(json);
    std::erase(want, ' ');
    std::erase(have, ' ');
    EXPECT_NE(have.find(want), std::string::npos) << part << "\n" << json;
  }
}

TEST_F(NlTransportTest, RandomRulesetsLoadReadBackAndFollowEachOther) {
  NftRuleset last;
  std::size_t loaded = 0;
  for (std::uint64_t seed = 500; seed < 540; ++seed) {
    const testing::RandomWorld world = testing::RandomPolicies(seed).make();
    if (world.table == nullptr) continue;
    const EnforcementMode mode{seed % 2 == 0, seed % 3 == 0};
    const NftRuleset desired = render_ruleset(world.table.get(), mode, {});
    auto actual = transport_->dump("bulkhead");
    ASSERT_TRUE(actual) << actual.error().to_string();
    auto status = transport_->apply(compare_rulesets(desired, *actual).batch);
    ASSERT_TRUE(status) << "seed " << seed << ": " << status.error().to_string();
    actual = transport_->dump("bulkhead");
    ASSERT_TRUE(actual);
    const RulesetDifference rest = compare_rulesets(desired, *actual);
    ASSERT_TRUE(rest.empty()) << "seed " << seed << ": " << rest.findings[0];
    ++loaded;
  }
  EXPECT_GT(loaded, 20U);
}

TEST_F(NlTransportTest, RefusalsNameTheObjectAndChangeNothing) {
  ASSERT_TRUE(transport_->apply({command(NftOp::kAddTable)}));
  NftCommand rule = command(NftOp::kAddRule, "no-such-chain");
  rule.rule = RuleBuilder(NftFamily::kInet).verdict(NF_DROP).done("web/ingress/1");
  auto status = transport_->apply({command(NftOp::kAddChain, "c"), rule});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().operation, "NFT_MSG_NEWRULE");
  EXPECT_EQ(status.error().object, "rule web/ingress/1 in chain no-such-chain of table inet t");
  EXPECT_EQ(status.error().code, ENOENT);
  auto actual = transport_->dump("t");
  ASSERT_TRUE(actual);
  EXPECT_EQ(actual->tables[0].chains.size(), 0U) << "the chain of the same batch is not there";
  EXPECT_TRUE(transport_->apply({command(NftOp::kAddChain, "c")})) << "the socket goes on";
}

TEST_F(NlTransportTest, OverlappingIntervalsAreRefusedByTheKernel) {
  NftCommand set = command(NftOp::kAddSet, "s");
  set.set = interval_set();
  set.set.elements.clear();
  NftCommand elements = command(NftOp::kAddElements, "s");
  elements.set = interval_set();
  NftCommand overlap = elements;
  for (NftElement& e : overlap.set.elements) e.key[3] = static_cast<Byte>(e.key[3] + 1);
  auto status = transport_->apply({command(NftOp::kAddTable), set, elements, overlap});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().object, "set s in table inet t");
}

TEST_F(NlTransportTest, AHundredThousandElementsInOneTransaction) {
  NftCommand set = command(NftOp::kAddSet, "s");
  set.set.key = {NftType::kIpv4};
  NftCommand elements = command(NftOp::kAddElements, "s");
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    NftElement e;
    e.key = address_bytes(IpAddress::v4(0x0a000000U + i));
    elements.set.elements.push_back(e);
  }
  auto status = transport_->apply({command(NftOp::kAddTable), set, elements});
  ASSERT_TRUE(status) << status.error().to_string();
  auto read = transport_->dump_elements(NftFamily::kInet, "t", "s");
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->size(), 100'000U);
}

TEST_F(NlTransportTest, EmptyBatchesAndAbsentTables) {
  EXPECT_TRUE(transport_->apply({}));
  auto nothing = transport_->dump("nobody");
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->tables.empty());
  auto missing = transport_->dump_elements(NftFamily::kInet, "nobody", "s");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ENOENT);
}

}  // namespace
}  // namespace bulkhead::rules
