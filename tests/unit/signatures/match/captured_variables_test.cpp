// Captures of pcre by name, and the rules that look at them.
#include <gtest/gtest.h>

#include "tests/support/matcher_harness.h"

namespace bulkhead::test {
namespace {

TEST(CapturedVariables, FlowAndPacket) {
  MatcherHarness h(
      "alert udp any any -> any any (pcre:\"/user=([a-z]+)/, flow:user\"; pcre:\"/=([a-z]+)/, pkt:word\"; sid:1;)\n"
      "alert udp any any -> any any (flowvar:user,\"dmi\"; sid:2;)\n"
      "alert udp any any -> any any (pktvar:word,admin; sid:3;)\n");
  EXPECT_EQ(h.udp("user=admin"), (Sids{1, 2, 3}));
  EXPECT_EQ(h.udp("nothing"), Sids{2});  // the flow remembers, the packet does not
}

}  // namespace
}  // namespace bulkhead::test
