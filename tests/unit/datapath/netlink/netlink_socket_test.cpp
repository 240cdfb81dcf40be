#include "datapath/netlink/netlink_socket.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

namespace bulkhead::netlink {
namespace {

using namespace std::chrono_literals;

std::vector<Byte> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

TEST(NetlinkSocket, UnknownProtocolNamesItself) {
  auto socket = NetlinkSocket::open(31);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().object, "netlink protocol 31");
  EXPECT_NE(socket.error().text, "");
}

TEST(NetlinkSocket, TheKernelAnswersAndTimeoutsHold) {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE);
  ASSERT_TRUE(socket) << socket.error().to_string();
  EXPECT_GE(socket->fd(), 0);
  EXPECT_NE(socket->port(), 0U);
  const auto before = std::chrono::steady_clock::now();
  auto none = socket->receive(30ms);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  EXPECT_GE(std::chrono::steady_clock::now() - before, 25ms);

  // An unknown request is answered with an error message (EOPNOTSUPP or EPERM).
  nlmsghdr request{};
  request.nlmsg_len = sizeof request;
  request.nlmsg_type = RTM_MAX + 1;
  request.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.nlmsg_seq = 7;
  ASSERT_TRUE(socket->send({reinterpret_cast<const Byte*>(&request), sizeof request}));
  auto answer = socket->receive(1s);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->has_value());
  nlmsghdr header{};
  std::memcpy(&header, (*answer)->bytes.data(), sizeof header);
  EXPECT_EQ(header.nlmsg_type, NLMSG_ERROR);
  EXPECT_EQ(header.nlmsg_seq, 7U);
  EXPECT_EQ((*answer)->sender_port, 0U);
}

// The multicast groups of a fresh network namespace, so that nothing else listens or speaks.
class Multicast : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "joining a NETLINK_USERSOCK group needs CAP_NET_ADMIN";
    std::thread own([this] {
      if (::unshare(CLONE_NEWNET) != 0) return;
      if (auto s = NetlinkSocket::open(NETLINK_USERSOCK)) sender.emplace(std::move(*s));
      if (auto s = NetlinkSocket::open(NETLINK_USERSOCK)) receiver.emplace(std::move(*s));
      if (auto s = NetlinkSocket::open(NETLINK_USERSOCK)) other.emplace(std::move(*s));
    });
    own.join();  // a socket stays in the namespace where it was made
    if (!sender || !receiver || !other) GTEST_SKIP() << "cannot make a network namespace";
  }
  std::optional<NetlinkSocket> sender, receiver, other;
};

TEST_F(Multicast, DeliveredToTheGroupOnly) {
  ASSERT_TRUE(receiver->join(5));
  ASSERT_TRUE(other->join(6));
  const auto text = bytes_of("sixteen bytes...alert");
  auto sent = sender->send_multicast(5, text);
  ASSERT_TRUE(sent) << sent.error().to_string();
  auto got = receiver->receive(1s);
  ASSERT_TRUE(got);
  ASSERT_TRUE(got->has_value());
  EXPECT_EQ((*got)->bytes, text);
  EXPECT_EQ((*got)->sender_port, sender->port());
  EXPECT_EQ((*got)->group_mask, 1U << 4);
  auto none = other->receive(20ms);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST_F(Multicast, NobodyListensIsNoError) {
  EXPECT_TRUE(sender->send_multicast(9, bytes_of("nobody hears this")));
}

TEST_F(Multicast, GroupOutOfRange) {
  auto zero = sender->send_multicast(0, bytes_of("x"));
  ASSERT_FALSE(zero);
  EXPECT_EQ(zero.error().code, EINVAL);
  EXPECT_FALSE(sender->send_multicast(33, bytes_of("x")));
}

TEST_F(Multicast, LongMessagesAreNotCut) {
  ASSERT_TRUE(receiver->set_receive_buffer(1 << 20));
  ASSERT_TRUE(sender->set_send_buffer(1 << 20));
  ASSERT_TRUE(receiver->join(1));
  const std::vector<Byte> large(150'000, 0x5a);
  auto sent = sender->send_multicast(1, large);
  ASSERT_TRUE(sent) << sent.error().to_string();
  auto got = receiver->receive(1s);
  ASSERT_TRUE(got);
  ASSERT_TRUE(got->has_value());
  EXPECT_EQ((*got)->bytes.size(), large.size());
}

TEST_F(Multicast, OverflowIsSaidAndTheSocketGoesOn) {
  ASSERT_TRUE(receiver->set_receive_buffer(4096));
  ASSERT_TRUE(receiver->join(2));
  const std::vector<Byte> message(1000, 1);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(sender->send_multicast(2, message).has_value() || i > 0);
  bool overflow = false;
  std::size_t received = 0;
  for (int i = 0; i < 400; ++i) {
    auto got = receiver->receive(0ms);
    if (!got) {
      EXPECT_EQ(got.error().code, ENOBUFS);
      overflow = true;
    } else if (got->has_value()) {
      ++received;
    }
  }
  EXPECT_TRUE(overflow);
  EXPECT_LT(received, 200U);
  ASSERT_TRUE(sender->send_multicast(2, message));
  auto got = receiver->receive(1s);
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->has_value());
}

TEST_F(Multicast, LeaveStopsDelivery) {
  ASSERT_TRUE(receiver->join(3));
  ASSERT_TRUE(receiver->leave(3));
  ASSERT_TRUE(sender->send_multicast(3, bytes_of("gone")));
  auto none = receiver->receive(20ms);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

}  // namespace
}  // namespace bulkhead::netlink
