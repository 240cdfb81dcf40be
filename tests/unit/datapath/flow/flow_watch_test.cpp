#include "datapath/flow/flow_watch.h"

#include <gtest/gtest.h>

#include "datapath/flow/flow.h"

namespace bulkhead::flow {
namespace {

TEST(FlowWatchTest, CountsWhatEachEndSaysAndHowOftenTheOtherBegins) {
  FlowWatch watch;
  EXPECT_TRUE(watch.hear(0, 10));
  EXPECT_FALSE(watch.hear(0, 5)) << "still the client";
  EXPECT_TRUE(watch.hear(1, 7));
  EXPECT_FALSE(watch.hear(0, 1));
  EXPECT_EQ(watch.payload[0], 16U);
  EXPECT_EQ(watch.payload[1], 7U);
  EXPECT_EQ(watch.turns, 3U);
  EXPECT_FALSE(watch.server_first);
}

TEST(FlowWatchTest, AServerThatGreets) {
  FlowWatch watch;
  EXPECT_TRUE(watch.hear(1, 3));
  EXPECT_TRUE(watch.server_first);
  EXPECT_TRUE(watch.hear(0, 3));
  EXPECT_TRUE(watch.server_first);
}

TEST(FlowWatchTest, TurnsStopAtTheirLargest) {
  FlowWatch watch;
  for (int i = 0; i < 70000; ++i) watch.hear(static_cast<std::size_t>(i) & 1, 1);
  EXPECT_EQ(watch.turns, UINT16_MAX);
}

TEST(FlowWatchTest, AFlowThatIsTurnedTakesItAlong) {
  Flow flow;
  flow.watch.hear(1, 9);
  flow.watch.interface = 4;
  flow.turn();
  EXPECT_EQ(flow.watch.payload[0], 9U);
  EXPECT_EQ(flow.watch.payload[1], 0U);
  EXPECT_FALSE(flow.watch.server_first) << "it is the client now";
  EXPECT_EQ(flow.watch.interface, 0U) << "it was where the other end comes in";
  flow.watch.hear(0, 1);
  EXPECT_EQ(flow.watch.turns, 1U) << "the same end goes on";
}

}  // namespace
}  // namespace bulkhead::flow
