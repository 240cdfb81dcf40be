#include "signatures/compile/compiler.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <unistd.h>
#include <filesystem>

#include <fstream>

#include "signatures/compile/fast_pattern.h"
#include "tests/support/signature_maker.h"

namespace bulkhead::test {
namespace {

using namespace signatures;  // NOLINT(google-build-using-namespace)
using bulkhead::Direction;

PortSet ports(std::uint16_t first, std::uint16_t last) {
  return {false, {{first, last}}};
}

SignatureDbPtr compiled(SignatureList rules, const CompilerSettings& settings = {}) {
  Diagnostics diagnostics;
  auto db = compile_signatures(std::move(rules), {}, settings, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  return *db;
}

TEST(FastPattern, TheStrongestContentThatIsNotNegated) {
  Signature s =
      rule(1, RuleProtocol::kTcp, {content("aaaaaaaa"), content("abcdef"), content("ABCDEFGHIJKL", {.negated = true})});
  choose_fast_pattern(s);
  EXPECT_EQ(s.fast_bytes, "abcdef");
  EXPECT_GT(pattern_strength(std::string("\x90\x91")), pattern_strength("ab"));
}

TEST(FastPattern, ExplicitOneWinsAndLongOnesLoseTheirHead) {
  Signature s = rule(1, RuleProtocol::kTcp, {content("abcdefgh"), content("xy", {.fast_pattern = true})});
  choose_fast_pattern(s);
  EXPECT_EQ(s.fast_bytes, "xy");
  std::string longest;
  for (char c = '0'; c < '0' + 60; ++c) longest += c;
  s = rule(1, RuleProtocol::kTcp, {content(longest)});
  choose_fast_pattern(s);
  EXPECT_EQ(s.fast_bytes, longest.substr(longest.size() - kMaxFastPatternBytes));
  s = rule(1, RuleProtocol::kTcp, {content("a", {.negated = true})});
  choose_fast_pattern(s);
  EXPECT_EQ(s.fast_op, -1);
}

TEST(FastPattern, ChopIsTakenAsWritten) {
  Signature s = rule(1, RuleProtocol::kTcp, {content("0123456789")});
  auto& op = std::get<ContentOp>(s.buffers[0].ops[0]);
  op.fast_pattern = true;
  op.fast_pattern_chop_offset = 2;
  op.fast_pattern_chop_length = 4;
  choose_fast_pattern(s);
  EXPECT_EQ(s.fast_bytes, "2345");
}

TEST(Order, ActionThenFlowbitsThenPriorityThenPosition) {
  SignatureList list;
  for (std::uint32_t sid = 1; sid <= 6; ++sid) list.push_back(rule(sid, RuleProtocol::kTcp));
  list[1].action = pipeline::RuleAction::kDrop;
  list[2].flowbit_checks.emplace_back();
  list[3].flowbit_changes.emplace_back();
  list[4].priority = 1;
  list[5].action = pipeline::RuleAction::kPass;
  sort_signatures(list, kDefaultActionOrder);
  std::vector<std::uint32_t> sids;
  for (const Signature& s : list) sids.push_back(s.info->sid);
  EXPECT_EQ(sids, (std::vector<std::uint32_t>{6, 2, 4, 3, 5, 1}));
}

// Every rule whose ports fit is in the group that a packet finds; checked for all ports and both ends.
TEST(Groups, HoldEveryRuleThatCanMatch) {
  RuleGenerator random(3);
  SignatureList list;
  for (std::uint32_t sid = 1; sid <= 400; ++sid) {
    Signature s = rule(sid, RuleProtocol::kTcp, {content("abc" + std::to_string(sid))});
    const auto some = [&]() -> PortSet {
      if (random.chance(40)) return {};
      const auto first = static_cast<std::uint16_t>(random.number(0, 3) * 1000 + random.number(0, 20));
      return ports(first, static_cast<std::uint16_t>(first + random.number(0, 30)));
    };
    s.source_ports = some();
    s.destination_ports = some();
    s.flow.to_server = random.chance(20);
    s.flow.to_client = !s.flow.to_server && random.chance(20);
    s.bidirectional = random.chance(10);
    list.push_back(std::move(s));
  }
  sort_signatures(list, kDefaultActionOrder);
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    const PortGroups groups = make_port_groups(list, ProtocolClass::kTcp, d, 8);
    EXPECT_LE(groups.groups.size(), 8U);
    for (std::uint32_t server = 0; server < 5000; server += 3) {
      for (const std::uint32_t client : {0U, 10U, 1005U, 2017U, 3040U, 40000U}) {
        const auto server_port = static_cast<std::uint16_t>(server), client_port = static_cast<std::uint16_t>(client);
        const RuleGroup& group = groups.find(server_port, client_port);
        const bool up = d == Direction::kToServer;
        const std::uint16_t from = up ? client_port : server_port, to = up ? server_port : client_port;
        for (std::uint32_t index = 0; index < list.size(); ++index) {
          const Signature& s = list[index];
          const bool fits = (s.source_ports.contains(from) && s.destination_ports.contains(to)) ||
                            (s.bidirectional && s.source_ports.contains(to) && s.destination_ports.contains(from));
          if (!fits || !rule_applies(s, d)) continue;
          ASSERT_TRUE(std::binary_search(group.members.begin(), group.members.end(), index))
              << "sid " << s.info->sid << " ports " << from << " -> " << to;
        }
      }
    }
  }
}

TEST(Compiler, EqualPatternsShareOneLiteralAndEqualGroupsOneDatabase) {
  const SignatureDbPtr db =
      compiled({rule(1, RuleProtocol::kTcp, {content("same")}), rule(2, RuleProtocol::kTcp, {content("same")}),
                rule(3, RuleProtocol::kTcp, {content("SAME", {.nocase = true})})});
  ASSERT_EQ(db->literal_dbs.size(), 2U);  // of both directions: for streams, and for segments that are in none
  for (const LiteralDbPtr& literals : db->literal_dbs) {
    EXPECT_EQ(literals->literal_count, 2U);
    EXPECT_EQ(literals->rules.size(), 3U);
  }
  const RuleGroup& up = db->group(ProtocolClass::kTcp, bulkhead::Direction::kToServer, 80, 40000);
  const RuleGroup& down = db->group(ProtocolClass::kTcp, bulkhead::Direction::kToClient, 80, 40000);
  EXPECT_EQ(up.stream->mode, ScanMode::kStream);
  EXPECT_EQ(up.segment->mode, ScanMode::kBlock);
  EXPECT_EQ(up.segment, down.segment);
  EXPECT_EQ(db->stats.rules_with_pattern, 3U);
}

TEST(Compiler, ABrokenRegularExpressionIsADiagnosticAndItsRuleIsLeftOut) {
  Diagnostics diagnostics;
  auto db = compile_signatures({rule(1, RuleProtocol::kTcp, {pcre("(a")}), rule(2, RuleProtocol::kTcp, {pcre("a")})},
                               {}, {}, diagnostics);
  ASSERT_TRUE(db.has_value());
  EXPECT_EQ(diagnostics.error_count(), 1U);
  EXPECT_EQ(diagnostics.all().at(0).code, "signature.pcre.syntax");
  EXPECT_EQ((*db)->signatures.size(), 1U);
}

class CacheTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(directory); }
  void TearDown() override { std::filesystem::remove_all(directory); }
  const std::string directory = ::testing::TempDir() + "bulkhead_cache_test_" + std::to_string(getpid());
  const std::vector<Literal> literals{{"attack", false}, {"evil", true}};

  [[nodiscard]] std::string file() const {
    return directory + "/" + HyperscanCompiler::content_hash(literals, ScanMode::kBlock) + ".hsdb";
  }
};

TEST_F(CacheTest, SecondCompileReadsTheFile) {
  HyperscanCompiler first(directory);
  ASSERT_TRUE(first.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(first.stats().misses, 1U);
  HyperscanCompiler second(directory);
  ASSERT_TRUE(second.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(second.stats().hits, 1U);
}

TEST_F(CacheTest, WhatSomebodyHasIsNotMadeAgain) {
  HyperscanCompiler first(""), second(""), third("");
  auto held = first.compile(literals, ScanMode::kBlock);
  auto again = second.compile(literals, ScanMode::kBlock);
  ASSERT_TRUE(held && again);
  EXPECT_EQ(held->get(), again->get());
  EXPECT_EQ(second.stats().shared, 1U);
  held = again = HyperscanDbPtr();
  ASSERT_TRUE(third.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(third.stats().shared, 0U) << "nobody had it any more";
}

TEST_F(CacheTest, ACorruptFileIsCompiledAnew) {
  ASSERT_TRUE(HyperscanCompiler(directory).compile(literals, ScanMode::kBlock).has_value());
  {
    std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(f);
    f.seekp(200);
    f.put('\x7f').put('\x7f').put('\x01');
  }
  HyperscanCompiler again(directory);
  ASSERT_TRUE(again.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(again.stats().corrupt, 1U);
  HyperscanCompiler healed(directory);
  ASSERT_TRUE(healed.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(healed.stats().hits, 1U);
}

// Patterns that somebody else could have put there never run; the next start believes what was compiled instead.
TEST_F(CacheTest, WhatOthersMayWriteIsCompiledAnew) {
  ASSERT_TRUE(HyperscanCompiler(directory).compile(literals, ScanMode::kBlock).has_value());
  ASSERT_EQ(::chmod(file().c_str(), 0666), 0);
  HyperscanCompiler again(directory);
  ASSERT_TRUE(again.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(again.stats().hits, 0U);
  EXPECT_NE(again.distrust().find("others than its owner may write it: mode 0666"), std::string::npos);
  HyperscanCompiler healed(directory);
  ASSERT_TRUE(healed.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(healed.stats().hits, 1U);
  EXPECT_EQ(healed.distrust(), "");
  ASSERT_EQ(::chmod(directory.c_str(), 0777), 0);
  HyperscanCompiler open_to_all(directory);
  ASSERT_TRUE(open_to_all.compile(literals, ScanMode::kBlock).has_value());
  EXPECT_EQ(open_to_all.stats().hits, 0U);
  EXPECT_EQ(open_to_all.stats().misses, 0U) << "it is no cache any more";
  EXPECT_NE(open_to_all.distrust().find(directory + ": others"), std::string::npos);
  ASSERT_EQ(::chmod(directory.c_str(), 0700), 0);
}

TEST_F(CacheTest, TheHashKnowsOrderCaseAndMode) {
  const auto hash = HyperscanCompiler::content_hash(literals, ScanMode::kBlock);
  EXPECT_NE(hash, HyperscanCompiler::content_hash(literals, ScanMode::kStream));
  EXPECT_NE(hash,
            HyperscanCompiler::content_hash(std::vector<Literal>{{"evil", true}, {"attack", false}}, ScanMode::kBlock));
  EXPECT_NE(hash,
            HyperscanCompiler::content_hash(std::vector<Literal>{{"attack", true}, {"evil", true}}, ScanMode::kBlock));
}

TEST(PayloadProgram, RetryAndCutFollowFromWhatIsRead) {
  BufferProgram buffer{BufferId::kPayload, {content("a"), content("b"), content("c", {.distance = 0}), content("d")}};
  const PayloadProgram program = compile_payload(buffer);
  ASSERT_EQ(program.steps.size(), 4U);
  EXPECT_FALSE(program.steps[0].retry);
  EXPECT_TRUE(program.steps[1].retry);
  EXPECT_FALSE(program.steps[2].retry);
  EXPECT_TRUE(program.steps[1].cut);
  EXPECT_FALSE(program.steps[2].cut);
  EXPECT_TRUE(program.steps[3].cut);
}

}  // namespace
}  // namespace bulkhead::test
