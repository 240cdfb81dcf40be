#include "datapath/output/netlink_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sched.h>
#include <unistd.h>

#include <thread>

#include "sample_events.h"

namespace bulkhead::output {
namespace {

using namespace bulkhead::test;
using std::chrono::milliseconds;

// Runs `body` on a thread in a network namespace of its own; false without the right to make one.
template <typename Body>
bool in_own_namespace(Body body) {
  bool entered = false;
  std::thread([&] {
    entered = unshare(CLONE_NEWNET) == 0;
    if (entered) body();
  }).join();
  return entered;
}

TEST(NetlinkSink, ReachesEverySubscriberOfTheGroup) {
  const bool ran = in_own_namespace([] {
    auto first = netlink::NetlinkSocket::open(NETLINK_USERSOCK);
    auto second = netlink::NetlinkSocket::open(NETLINK_USERSOCK);
    auto other = netlink::NetlinkSocket::open(NETLINK_USERSOCK);
    ASSERT_TRUE(first && second && other);
    ASSERT_TRUE(first->join(kDefaultNetlinkGroup));
    ASSERT_TRUE(second->join(kDefaultNetlinkGroup));
    ASSERT_TRUE(other->join(kDefaultNetlinkGroup + 1));

    NetlinkSink sink{NetlinkSettings{}};
    ASSERT_TRUE(sink.open());
    sink.write(sample_alert());
    sink.write(sample_flow());
    sink.write(sample_block());
    EXPECT_EQ(sink.health().written, 2U);
    EXPECT_EQ(sink.health().lost, 0U) << sink.health().last_error;
    EXPECT_GT(sink.health().bytes, 0U);

    for (netlink::NetlinkSocket* socket : {&*first, &*second}) {
      for (const MessageType expected : {MessageType::kAlert, MessageType::kBlock}) {
        auto datagram = socket->receive(milliseconds(1000));
        ASSERT_TRUE(datagram && datagram->has_value());
        ByteSpan bytes = (*datagram)->bytes;
        NetlinkEvent e;
        ASSERT_EQ(decode(bytes, e), DecodeError::kNone);
        EXPECT_EQ(e.type, expected);
        EXPECT_EQ(e.sid, 5U);
        EXPECT_EQ(e.sequence, expected == MessageType::kAlert ? 1U : 2U);
      }
    }
    auto nothing = other->receive(milliseconds(0));
    ASSERT_TRUE(nothing);
    EXPECT_FALSE(nothing->has_value());
  });
  if (!ran) GTEST_SKIP() << "needs CAP_SYS_ADMIN for a network namespace";
}

TEST(NetlinkSink, NobodyListeningIsNoLoss) {
  const bool ran = in_own_namespace([] {
    NetlinkSink sink{NetlinkSettings{}};
    ASSERT_TRUE(sink.open());
    sink.write(sample_alert());
    sink.reopen();
    sink.write(sample_block());
    EXPECT_EQ(sink.health().written, 2U);
    EXPECT_EQ(sink.health().lost, 0U) << sink.health().last_error;
  });
  if (!ran) GTEST_SKIP() << "needs CAP_SYS_ADMIN for a network namespace";
}

TEST(NetlinkSink, SettingsChooseTheEvents) {
  NetlinkSettings settings;
  settings.alerts = settings.blocks = false;
  NetlinkSink sink(settings);
  ASSERT_TRUE(sink.open());
  for (const event::Event& event : all_sample_events()) sink.write(event);
  EXPECT_EQ(sink.health().written + sink.health().lost, 0U);
}

TEST(NetlinkSink, RefusesGroupsThatDoNotExist) {
  for (const std::uint32_t group : {0U, 33U}) {
    NetlinkSettings settings;
    settings.group = group;
    const Status opened = NetlinkSink(settings).open();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().to_string(), testing::HasSubstr("group " + std::to_string(group)));
  }
}

TEST(NetlinkSink, CountsWhatItCannotSend) {
  NetlinkSink sink{NetlinkSettings{}};
  sink.write(sample_alert());
  EXPECT_EQ(sink.health().lost, 1U) << "not open";
}

}  // namespace
}  // namespace bulkhead::output
