#include "signatures/match/rule_use.h"

#include <gtest/gtest.h>

#include "tests/support/matcher_harness.h"

namespace bulkhead::test {
namespace {

using signatures::RuleUseReport;
using signatures::RuleUseTotals;

constexpr const char* kRules =
    "alert udp any any -> any any (content:\"evil\"; sid:1;)\n"
    "alert udp any any -> any any (content:\"evil\"; content:\"twin\"; sid:2;)\n"
    "alert udp any any -> any any (content:\"never\"; sid:3;)\n";

// The totals of a sid in the book of the harness, by the numbers of these rules.
RuleUseTotals of(MatcherHarness& h, std::string_view rules, std::uint32_t sid) {
  const signatures::SignatureDbPtr db = compile_text(rules);
  const RuleUseReport report = h.shared->rule_use.read(*db);
  EXPECT_EQ(report.rules.size(), db->rules.size());
  for (std::size_t i = 0; i < report.rules.size(); ++i) {
    if (db->rules[i].signature->info->sid == sid) return report.rules[i];
  }
  ADD_FAILURE() << "no rule " << sid;
  return {};
}

TEST(RuleUse, ChecksAndMatchesOfEachRule) {
  MatcherHarness h(kRules);
  EXPECT_EQ(h.udp("evil"), Sids{1});
  EXPECT_EQ(h.udp("evil twin"), (Sids{1, 2}));
  EXPECT_EQ(h.udp("nothing"), Sids{});
  EXPECT_EQ(of(h, kRules, 1).checks, 2U);
  EXPECT_EQ(of(h, kRules, 1).matches, 2U);
  EXPECT_GE(of(h, kRules, 2).checks, 1U);
  EXPECT_EQ(of(h, kRules, 2).matches, 1U);
  EXPECT_EQ(of(h, kRules, 3).checks, 0U);
  EXPECT_EQ(h.shared->rule_use.read(*compile_text(kRules)).packets, 3U);
}

TEST(RuleUse, OnePacketOfSomeIsMeasuredAndScaledUp) {
  MatcherHarness h(kRules);
  constexpr std::uint32_t kRounds = 3;
  for (std::uint32_t i = 0; i < kRounds * signatures::RuleUseLane::kSampled; ++i) (void)h.udp("evil");
  const RuleUseTotals totals = of(h, kRules, 1);
  EXPECT_EQ(totals.checks, kRounds * signatures::RuleUseLane::kSampled);
  EXPECT_EQ(totals.samples, kRounds);
  EXPECT_GT(totals.sampled_ns, 0U);
  EXPECT_DOUBLE_EQ(totals.nanoseconds(), static_cast<double>(totals.sampled_ns) * signatures::RuleUseLane::kSampled);
  EXPECT_EQ(of(h, kRules, 3).nanoseconds(), 0.0);
}

TEST(RuleUse, CountsLiveOnOverAReloadBySid) {
  MatcherHarness h(kRules);
  (void)h.udp("evil");
  constexpr const char* kOther =
      "alert udp any any -> any any (content:\"other\"; sid:9;)\n"
      "alert udp any any -> any any (content:\"evil\"; sid:1; rev:2;)\n";
  h.reload(kOther);
  (void)h.udp("evil other");
  EXPECT_EQ(of(h, kOther, 1).matches, 2U);
  EXPECT_EQ(of(h, kOther, 9).matches, 1U);
  EXPECT_EQ(of(h, kOther, 1).matches, 2U) << "the past is added once";
  EXPECT_EQ(h.shared->rule_use.read(*compile_text(kOther)).packets, 2U);
}

}  // namespace
}  // namespace bulkhead::test
