#include "rules/nft/nft_renderer.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "rules/compile/explain.h"
#include "rules/nft/nft_printer.h"
#include "rules/nft/rule_builder.h"
#include "tests/unit/rules/nft/nft_evaluator.h"
#include "tests/unit/rules/nft/ruleset_mutants.h"
#include "tests/unit/rules/random_policies.h"

namespace bulkhead::rules {
namespace {

using testing::fake_interface_index;
using testing::FakeOutcome;
using testing::FakePacket;
using testing::NftEvaluator;
using testing::RandomPolicies;
using testing::RandomWorld;

FakePacket packet_of(const FlowQuery& query) {
  FakePacket p;
  p.v4 = query.tuple.source.is_v4();
  p.protocol = query.tuple.protocol;
  p.network.assign(p.v4 ? 20 : 40, 0);
  const Bytes source = address_bytes(query.tuple.source), destination = address_bytes(query.tuple.destination);
  std::copy(source.begin(), source.end(), p.network.begin() + (p.v4 ? 12 : 8));
  std::copy(destination.begin(), destination.end(), p.network.begin() + (p.v4 ? 16 : 24));
  p.link.assign(12, 0);
  for (const Byte b : p.v4 ? Bytes{0x08, 0x00} : Bytes{0x86, 0xdd}) p.link.push_back(b);
  p.transport.assign(20, 0);
  if (query.is_icmp()) {
    p.transport[0] = query.icmp_type;
    p.transport[1] = query.icmp_code;
  } else {
    store_be16(&p.transport[0], query.tuple.source_port);
    store_be16(&p.transport[2], query.tuple.destination_port);
    if (p.protocol == ip_proto::kTcp) p.transport[13] = 0x02;  // SYN
  }
  p.in_interface = "br0";
  return p;
}

// ICMP errors pass where there is no conntrack to say whose they are.
bool open_error(const FlowQuery& q) {
  if (q.tuple.protocol == ip_proto::kIcmp) return q.icmp_type == 3 || q.icmp_type == 11 || q.icmp_type == 12;
  return q.tuple.protocol == ip_proto::kIcmpv6 && q.icmp_type >= 1 && q.icmp_type <= 4;
}

void compare(const EnforcementMode& mode, NftFamily family, const std::string& chain, std::uint64_t first_seed) {
  std::size_t compared = 0, refused = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + 60; ++seed) {
    RandomPolicies random(seed);
    const RandomWorld world = random.make();
    if (world.table == nullptr) continue;
    NftSettings settings;
    settings.classes = seed % 2 == 0;  // as large tables have them
    const NftRuleset ruleset = render_ruleset(world.table.get(), mode, settings);
    NftEvaluator kernel(*ruleset.table(family, "bulkhead"));
    for (int i = 0; i < 1500; ++i) {
      const FlowQuery query = random.flow(world);
      if (query.tuple.source == query.tuple.destination) continue;  // never on the wire
      if (family == NftFamily::kBridge && open_error(query)) continue;
      const Explanation why = explain(*world.table, query);
      const FakeOutcome seen = kernel.run(chain, packet_of(query));
      FakeOutcome want = why.action == Action::kAllow                                  ? FakeOutcome::kAccept
                         : why.action == Action::kReject && family == NftFamily::kInet ? FakeOutcome::kReject
                                                                                       : FakeOutcome::kDrop;
      ASSERT_EQ(seen, want) << "seed " << seed << "\n" << why.to_string(*world.table) << print_ruleset(ruleset);
      // The counters name the rule that decided and the audit rules on the way.
      std::vector<std::string> counted;
      for (const ExplainedEnd& judged : why.ends) {
        for (const ExplainedStep& step : judged.steps) {
          const TableRule& rule = world.table->rules()[step.rule];
          if (step.matched) counted.push_back(rule.key + (rule.audit ? " audit" : ""));
        }
      }
      ASSERT_EQ(kernel.counted(), counted) << "seed " << seed << "\n" << why.to_string(*world.table);
      ++compared;
      refused += want == FakeOutcome::kAccept ? 0 : 1;
    }
  }
  EXPECT_GT(compared, 50'000U);
  EXPECT_GT(refused, compared / 10);
}

TEST(NftRenderer, InetRulesetAgreesWithTheTable) {
  compare({true, true}, NftFamily::kInet, "forward", 1000);
}
TEST(NftRenderer, BridgeRulesetAgreesWithTheTable) {
  compare({false, false}, NftFamily::kBridge, "forward", 2000);
}
// A slip of the renderer shows as a verdict that differs: the comparison above is worth something.
TEST(NftRenderer, SeededSlipsAreCaught) {
  std::size_t caught = 0;
  for (const testing::RulesetMutant& mutant : testing::ruleset_mutants()) {
    bool differs = false;
    for (std::uint64_t seed = 5000; seed < 5040 && !differs; ++seed) {
      RandomPolicies random(seed);
      const RandomWorld world = random.make();
      if (world.table == nullptr) continue;
      NftRuleset ruleset = render_ruleset(world.table.get(), {true, true}, {});
      for (NftTable& table : ruleset.tables) mutant.seed(table);
      NftEvaluator kernel(*ruleset.table(NftFamily::kInet, "bulkhead"));
      for (int i = 0; i < 400 && !differs; ++i) {
        const FlowQuery query = random.flow(world);
        if (query.tuple.source == query.tuple.destination) continue;
        const Explanation want = explain(*world.table, query);
        differs = (kernel.run("forward", packet_of(query)) == FakeOutcome::kAccept) != (want.action == Action::kAllow);
      }
    }
    EXPECT_TRUE(differs) << mutant.slip;
    caught += differs ? 1 : 0;
  }
  EXPECT_GE(caught, 20U);
  EXPECT_EQ(caught, testing::ruleset_mutants().size());
}

// NetworkPolicy tiers, port names, sets, own nodes; and flows to oneself through a service, as the forward hook sees
// them behind the translation.
TEST(NftRenderer, ManifestsAndTheWayBackToOneselfAgreeWithTheTable) {
  std::size_t compared = 0, to_itself = 0, refused = 0;
  for (std::uint64_t seed = 6000; seed < 6120; ++seed) {
    RandomPolicies random(seed, testing::PolicyKinds::kAll);
    const RandomWorld world = random.make();
    if (world.table == nullptr) continue;
    const NftRuleset ruleset = render_ruleset(world.table.get(), {true, true}, {});
    NftEvaluator kernel(*ruleset.table(NftFamily::kInet, "bulkhead"));
    for (int i = 0; i < 500; ++i) {
      FlowQuery query = random.flow(world);
      if (i % 4 == 0) query.tuple.source = query.tuple.destination;
      query.through_service = query.tuple.source == query.tuple.destination;
      const Explanation why = explain(*world.table, query);
      const FakeOutcome seen = kernel.run("forward", packet_of(query));
      ASSERT_EQ(seen == FakeOutcome::kAccept, why.action == Action::kAllow) << "seed " << seed << "\n"
                                                                            << why.to_string(*world.table);
      ++compared;
      const bool judged = query.through_service && world.table->workload_at(query.tuple.source) != kNone;
      to_itself += judged ? 1 : 0;
      refused += judged && why.action != Action::kAllow ? 1 : 0;
    }
  }
  EXPECT_GT(compared, 30'000U);
  EXPECT_GT(to_itself, 3'000U);
  EXPECT_GT(refused, 300U);
}

TEST(NftRenderer, InputAndOutputJudgeAlike) {
  compare({true, true}, NftFamily::kInet, "input", 3000);
  compare({true, true}, NftFamily::kInet, "output", 4000);
}

RandomWorld some_world() {
  RandomWorld world;
  for (std::uint64_t seed = 7; world.table == nullptr; ++seed) world = RandomPolicies(seed).make();
  return world;
}

TEST(NftRenderer, EachPacketIsJudgedInOneFamily) {
  const RandomWorld world = some_world();
  const auto judge_rules = [&](const EnforcementMode& mode) {
    const NftRuleset ruleset = render_ruleset(world.table.get(), mode, {});
    return ruleset.table(NftFamily::kBridge, "bulkhead")->chain("judge")->rules;
  };
  const NftRuleset all_in_inet = render_ruleset(world.table.get(), {true, true}, {});
  for (const char* chain : {"judge", "forward", "block-in"}) {
    EXPECT_EQ(all_in_inet.table(NftFamily::kBridge, "bulkhead")->chain(chain), nullptr) << chain;
  }
  EXPECT_EQ(print_rule(judge_rules({true, false})[0]), "meta protocol ip return comment \"judged in inet\"");
  EXPECT_EQ(print_rule(judge_rules({false, true})[0]), "meta protocol ip6 return comment \"judged in inet\"");
  EXPECT_GT(judge_rules({false, false}).size(), 8U);
}

TEST(NftRenderer, EstablishedPassesBeforePoliciesAndBlocksComeFirst) {
  const RandomWorld world = some_world();
  const NftRuleset ruleset = render_ruleset(world.table.get(), {true, true}, {});
  for (const NftTable& table : ruleset.tables) {
    const NftChain* block = table.chain(table.family == NftFamily::kInet ? "block-in" : "block-out");
    ASSERT_NE(block, nullptr);
    EXPECT_LT(block->hook->priority, -200) << "before conntrack";
    EXPECT_EQ(table.chain("block")->rules.size(), 10U);
    EXPECT_EQ(table.sets[0].name, "block4-source");
    EXPECT_TRUE(table.sets[0].dynamic_elements && table.sets[0].timeouts);
  }
  EXPECT_EQ(print_rule(ruleset.table(NftFamily::kInet, "bulkhead")->chain("judge")->rules[0]),
            "ct state established,related accept comment \"replies and related errors\"");
}

TEST(NftRenderer, WithoutPoliciesOnlyBlocks) {
  const NftRuleset ruleset = render_ruleset(nullptr, {true, true}, {});
  for (const NftTable& table : ruleset.tables) {
    EXPECT_EQ(table.chain("forward"), nullptr);
    EXPECT_NE(table.chain("block-out"), nullptr);
    EXPECT_EQ(table.sets.size(), table.family == NftFamily::kBridge ? 16U : 14U);
  }
}

// What was admitted passes by its key alone: not from another port, not as the opening of a connection, and no other.
TEST(NftRenderer, AdmittedFlowsPassFromTheirPortOnly) {
  RandomPolicies random(11);
  unsigned tried[2] = {0, 0};
  for (int worlds = 0; worlds < 40 && (tried[0] < 20 || tried[1] < 20); ++worlds) {
    const RandomWorld world = random.make();
    if (world.table == nullptr) continue;
    NftTable table = *render_ruleset(world.table.get(), {false, false}, {}).table(NftFamily::kBridge, "bulkhead");
    for (int i = 0; i < 300; ++i) {
      const FlowQuery query = random.flow(world);
      const bool tcp = query.tuple.protocol == ip_proto::kTcp;
      FakePacket packet = packet_of(query);
      packet.in_interface = "port7";
      if (tcp) packet.transport[13] = 0x10;
      if (query.is_icmp() || NftEvaluator(table).run("forward", packet) != FakeOutcome::kDrop) continue;
      ++tried[packet.v4 ? 0 : 1];
      const auto element = [&](const FakePacket& of) {
        const std::uint32_t index = fake_interface_index(of.in_interface);
        NftElement out;
        out.key = host_bytes(index);
        out.key.insert(out.key.end(), of.network.begin() + (of.v4 ? 12 : 8), of.network.begin() + (of.v4 ? 20 : 40));
        for (const Byte byte : {of.protocol, Byte{0}, Byte{0}, Byte{0}}) out.key.push_back(byte);
        out.key.insert(out.key.end(), of.transport.begin(), of.transport.begin() + 4);
        return out;
      };
      NftTable later = table;
      NftSet* set = nullptr;
      for (NftSet& candidate : later.sets) {
        if (candidate.name == (packet.v4 ? "admitted4" : "admitted6")) set = &candidate;
      }
      ASSERT_NE(set, nullptr);
      set->elements.push_back(element(packet));
      NftEvaluator kernel(later);
      EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kAccept);
      // The others are judged as if nothing had been admitted.
      const auto judged = [&](const FakePacket& of) { return NftEvaluator(table).run("forward", of); };
      FakePacket other = packet;
      other.in_interface = "port8";
      EXPECT_EQ(kernel.run("forward", other), FakeOutcome::kDrop) << "another port";
      other = packet;
      other.transport[1] ^= 1;
      EXPECT_EQ(kernel.run("forward", other), judged(other)) << "another flow";
      other = packet;
      other.protocol = tcp ? ip_proto::kUdp : ip_proto::kTcp;
      other.transport[13] = 0x10;
      EXPECT_EQ(kernel.run("forward", other), judged(other)) << "another protocol";
      if (tcp) {
        other = packet;
        other.transport[13] = 0x02;
        EXPECT_EQ(kernel.run("forward", other), judged(other)) << "an opening";
      }
    }
  }
  EXPECT_GE(tried[0], 20U);
  EXPECT_GE(tried[1], 20U);
}

// Marked is what the chains behind the rules admit, and only where the settings let it take the fast path.
TEST(NftRenderer, TheFastPathIsForWhatWasAdmitted) {
  const RandomWorld world = some_world();
  const auto marking = [&](const EnforcementMode& mode, const NftSettings& settings) {
    std::string out;
    const NftRuleset ruleset = render_ruleset(world.table.get(), mode, settings);
    for (const NftTable& table : ruleset.tables) {
      for (const NftChain& chain : table.chains) {
        for (const NftRule& rule : chain.rules) {
          if (rule.comment == "fast path")
            out += (table.family == NftFamily::kInet ? "inet " : "bridge ") + chain.name + ";";
        }
      }
    }
    EXPECT_EQ(!out.empty(), takes_fast_path(settings, mode)) << out;
    return out;
  };
  constexpr EnforcementMode kInet{true, true}, kBridge{false, false}, kMixed{true, false};
  NftSettings settings;
  EXPECT_EQ(marking(kBridge, settings), "") << "nobody asked";
  settings.fast_path = PathScope::kBridge;
  EXPECT_EQ(marking(kBridge, settings), "bridge admit;");
  EXPECT_EQ(marking(kInet, settings), "");
  EXPECT_EQ(marking(kMixed, settings), "bridge admit;");
  settings.fast_path = PathScope::kAll;
  EXPECT_EQ(marking(kInet, settings), "inet confirmed;inet confirmed;");
  EXPECT_EQ(marking(kMixed, settings), "bridge admit;inet confirmed;inet confirmed;");
  for (const auto& change : std::initializer_list<void (*)(NftSettings&)>{
           [](NftSettings& s) { s.closed = {"br0"}; }, [](NftSettings& s) { s.fail_closed = {"br0"}; },
           [](NftSettings& s) { s.inline_queue.flows = InlineFlows::kPolicy; }}) {
    NftSettings other = settings;
    change(other);
    EXPECT_EQ(marking(kMixed, other), "");
  }
  // A limited source passes ahead of the mark, so each of its packets is counted.
  const NftRuleset ruleset = render_ruleset(world.table.get(), kMixed, settings);
  for (const NftTable& table : ruleset.tables) {
    const NftChain* chain = table.chain(table.family == NftFamily::kInet ? "confirmed" : "admit");
    ASSERT_NE(chain, nullptr);
    EXPECT_EQ(chain->rules[0].comment, "");
    EXPECT_NE(print_rule(chain->rules[0]).find("-limit accept"), std::string::npos) << print_rule(chain->rules[0]);
    EXPECT_NE(print_rule(chain->rules[1]).find("-limit accept"), std::string::npos) << print_rule(chain->rules[1]);
    EXPECT_EQ(chain->rules[2].comment, "fast path");
  }
}

TEST(NftRenderer, EqualContentHasEqualNames) {
  const RandomWorld world = some_world();
  const std::string once = print_ruleset(render_ruleset(world.table.get(), {}, {}), 10'000);
  EXPECT_EQ(once, print_ruleset(render_ruleset(world.table.get(), {}, {}), 10'000));
}

TEST(NftRenderer, GuardKnowsItsPorts) {
  const RandomWorld world = some_world();
  const NftRuleset ruleset = render_ruleset(world.table.get(), {true, true}, {});
  NftEvaluator kernel(*ruleset.table(NftFamily::kBridge, "bulkhead"));
  for (const TableWorkload& w : world.table->workloads()) {
    for (const IpAddress& own : w.addresses) {
      FlowQuery query{{own, *IpAddress::parse(own.is_v4() ? "192.0.2.1" : "2001:db8::1"), 1, 2, ip_proto::kTcp}};
      FakePacket packet = packet_of(query);
      packet.in_interface = w.interfaces.empty() ? std::string() : w.interfaces[0];
      EXPECT_EQ(kernel.run("guard-in", packet), FakeOutcome::kAccept);
      query.tuple.source = own.next();
      packet = packet_of(query);
      packet.in_interface = w.interfaces.empty() ? std::string() : w.interfaces[0];
      EXPECT_EQ(kernel.run("guard-in", packet), FakeOutcome::kDrop);
      packet = packet_of({{own, query.tuple.destination, 1, 2, ip_proto::kTcp}});
      packet.in_interface = w.interfaces.empty() ? std::string() : w.interfaces[0];
      packet.link[12] = 0x81;
      packet.link[13] = 0;
      EXPECT_EQ(kernel.run("guard-in", packet), FakeOutcome::kDrop) << "a tag";
      query.tuple.source = own.next();
      packet = packet_of(query);
      packet.in_interface = "eth7";
      EXPECT_EQ(kernel.run("guard-in", packet), FakeOutcome::kAccept) << "not one of ours";
    }
  }
}

// A workload with policies, and a flow that they admit.
FlowQuery admitted_tcp(const RandomWorld& world) {
  RandomPolicies random(99);
  for (;;) {
    const FlowQuery q = random.flow(world);
    const bool judged = world.table->workload_at(q.tuple.source) != kNone;
    if (judged && q.tuple.protocol == ip_proto::kTcp && q.tuple.source != q.tuple.destination &&
        explain(*world.table, q).action == Action::kAllow) {
      return q;
    }
  }
}

// The world's ruleset with the switch sets on or off.
NftRuleset with_switches(const RandomWorld& world, NftSettings settings, bool grace, bool lease) {
  if (!grace) settings.grace = {};
  NftRuleset out = render_ruleset(world.table.get(), {true, true}, settings);
  for (NftTable& table : out.tables) {
    for (NftSet& set : table.sets) {
      if (set.name == "lease" && !lease) set.elements.clear();
    }
  }
  return out;
}

TEST(NftRenderer, ConnectionsThatNobodyRemembersAreReset) {
  const RandomWorld world = some_world();
  const FlowQuery query = admitted_tcp(world);
  FakePacket packet = packet_of(query);
  const NftRuleset strict = with_switches(world, {}, false, true);
  NftEvaluator kernel(*strict.table(NftFamily::kInet, "bulkhead"));
  EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kAccept) << "a SYN is judged";
  packet.transport[13] = 0x10;
  EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kReject);
  EXPECT_EQ(kernel.counted(), std::vector<std::string>{"midstream"});
  packet.ct_state = 1;
  EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kDrop) << "out of window: no reset";
  packet.ct_state = 2;
  EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kAccept) << "established";
  packet.ct_state = 8;
  const NftRuleset fresh = with_switches(world, {}, true, true);
  NftEvaluator young(*fresh.table(NftFamily::kInet, "bulkhead"));
  EXPECT_EQ(young.run("forward", packet), FakeOutcome::kAccept) << "a table that was made just now";
}

TEST(NftRenderer, ClosedSegmentsKnowTheirWorkloads) {
  const RandomWorld world = some_world();
  NftSettings settings;
  settings.closed = {"br-closed", "cali*"};
  const NftRuleset ruleset = with_switches(world, settings, false, true);
  NftEvaluator inet(*ruleset.table(NftFamily::kInet, "bulkhead"));
  const FlowQuery query = admitted_tcp(world);
  FakePacket known = packet_of(query);
  known.in_interface = "br-closed";
  EXPECT_EQ(inet.run("forward", known), FakeOutcome::kAccept);
  FlowQuery other = query;
  other.tuple.source = *IpAddress::parse(query.tuple.source.is_v4() ? "10.99.0.1" : "fd99::1");
  for (const char* interface : {"br-closed", "cali12345"}) {
    FakePacket unknown = packet_of(other);
    unknown.in_interface = interface;
    EXPECT_EQ(inet.run("forward", unknown), FakeOutcome::kDrop) << interface;
    EXPECT_EQ(inet.counted(), std::vector<std::string>{"unknown/source"});
  }
  FakePacket elsewhere = packet_of(other);
  elsewhere.in_interface = "br-open";
  inet.run("forward", elsewhere);
  for (const std::string& rule : inet.counted()) EXPECT_NE(rule, "unknown/source");
  std::swap(other.tuple.source, other.tuple.destination);
  FakePacket towards = packet_of(other);
  towards.in_interface = "eth0";
  towards.out_interface = "br-closed";
  EXPECT_EQ(inet.run("output", towards), FakeOutcome::kDrop);
  // In the bridge, by port and for every frame.
  NftEvaluator bridge(*ruleset.table(NftFamily::kBridge, "bulkhead"));
  FakePacket frame = packet_of(query);
  frame.in_interface = "cali12345";
  EXPECT_EQ(bridge.run("gate-in", frame), FakeOutcome::kDrop);
  EXPECT_EQ(bridge.counted(), std::vector<std::string>{"unknown/port"});
  frame.in_interface = world.table->workloads()[0].interfaces.at(0);
  EXPECT_EQ(bridge.run("gate-in", frame), FakeOutcome::kAccept);
}

TEST(NftRenderer, WithoutLeaseClosedSegmentsCarryNothingAndOpenOnesEverything) {
  const RandomWorld world = some_world();
  NftSettings settings;
  settings.closed = {"br-closed", "br-open"};
  settings.fail_closed = {"br-closed"};
  const NftRuleset dead = with_switches(world, settings, false, false);
  NftEvaluator inet(*dead.table(NftFamily::kInet, "bulkhead"));
  FakePacket packet = packet_of(admitted_tcp(world));
  packet.ct_state = 2;  // not even what is established
  for (const char* chain : {"forward", "input", "output"}) {
    packet.in_interface = "br-closed";
    packet.out_interface = "eth0";
    EXPECT_EQ(inet.run(chain, packet), FakeOutcome::kDrop) << chain;
    std::swap(packet.in_interface, packet.out_interface);
    EXPECT_EQ(inet.run(chain, packet), FakeOutcome::kDrop) << chain;
    packet.in_interface = packet.out_interface = "br-open";
    EXPECT_EQ(inet.run(chain, packet), FakeOutcome::kAccept) << chain;
  }
  // Unknown ends of an open segment are admitted again; the policies stay.
  FlowQuery stranger{{*IpAddress::parse("10.99.0.1"), *IpAddress::parse("10.99.0.2"), 1, 2, ip_proto::kTcp}, 0, 0};
  FakePacket unknown = packet_of(stranger);
  unknown.in_interface = unknown.out_interface = "br-open";
  EXPECT_EQ(inet.run("forward", unknown), FakeOutcome::kAccept);
  NftEvaluator bridge(*dead.table(NftFamily::kBridge, "bulkhead"));
  unknown.in_interface = "br-closed";
  EXPECT_EQ(bridge.run("gate-in", unknown), FakeOutcome::kDrop);
  EXPECT_EQ(bridge.counted(), std::vector<std::string>{"lease/closed"});
}

TEST(EnforcementMode, ReadsTheSysctls) {
  const std::string root = ::testing::TempDir() + "bulkhead_sysctl";
  std::filesystem::create_directories(root);
  const auto write = [&](const char* name, const char* value) { std::ofstream(root + "/" + name) << value; };
  EXPECT_EQ(EnforcementMode::detect(root + "/absent"), (EnforcementMode{false, false}));
  write("bridge-nf-call-iptables", "1\n");
  write("bridge-nf-call-ip6tables", "0\n");
  EXPECT_EQ(EnforcementMode::detect(root), (EnforcementMode{true, false}));
  EXPECT_NE(EnforcementMode::detect(root).to_string().find("IPv6 in bridge"), std::string::npos);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace bulkhead::rules
