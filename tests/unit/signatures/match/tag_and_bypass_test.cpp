// tag and bypass through the language and the matcher.
#include <gtest/gtest.h>

#include "tests/support/matcher_harness.h"

namespace bulkhead::test {
namespace {

TEST(Bypass, NothingMoreOfTheFlowIsLookedAt) {
  MatcherHarness h(
      "alert udp any any -> any any (content:\"bulk\"; bypass; sid:1;)\n"
      "alert udp any any -> any any (content:\"evil\"; sid:2;)\n");
  EXPECT_EQ(h.udp("evil"), Sids{2});
  EXPECT_EQ(h.udp("bulk evil"), (Sids{1, 2}));
  EXPECT_EQ(h.flow->state, flow::FlowState::kBypassed);
  EXPECT_EQ(h.udp("evil"), Sids{});
  EXPECT_EQ(h.udp("evil", {.source_port = 40001}), Sids{2}) << "another flow";
}

TEST(Tag, PacketsOfTheSessionAndOfTheHost) {
  MatcherHarness session("alert udp any any -> any any (content:\"mark\"; tag:session,3,packets; sid:1;)\n");
  EXPECT_EQ(session.udp("a"), Sids{});
  EXPECT_EQ(session.tagged_packets, 0U);
  EXPECT_EQ(session.udp("mark"), Sids{1});
  for (int i = 0; i < 5; ++i) (void)session.udp("b");
  (void)session.udp("c", {.source_port = 41000});
  EXPECT_EQ(session.tagged_packets, 2U);
  MatcherHarness host("alert udp any any -> any any (content:\"mark\"; tag:host,4,packets,src; sid:1;)\n");
  (void)host.udp("mark");
  for (std::uint16_t port = 1; port < 9; ++port) (void)host.udp("b", {.source_port = port});
  EXPECT_EQ(host.tagged_packets, 3U);
}

// A tag that was set under the old rules goes on under the new ones.
TEST(Tag, SurvivesAReload) {
  MatcherHarness h("alert udp any any -> any any (content:\"mark\"; tag:session,10,packets; sid:1;)\n");
  (void)h.udp("mark");
  h.reload("alert udp any any -> any any (content:\"other\"; sid:2;)\n");
  (void)h.udp("a");
  EXPECT_EQ(h.tagged_packets, 1U);
}

}  // namespace
}  // namespace bulkhead::test
