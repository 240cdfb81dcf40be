// Inline queues with real packets: accepted, dropped, decided once and for all, whole super-packets, without a reader.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "datapath/io/nfqueue_source.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "tests/netns/net_lab.h"
#include "tests/netns/source_thread.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::NetLab;
using testing::Probe;
using testing::TcpPair;

using Reader = testing::SourceThread<io::NfqueueSource>;

class NfqueueNetns : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"web", "db"}, true);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    auto transport = NlTransport::open();
    ASSERT_TRUE(transport) << transport.error().to_string();
    transport_ = std::move(*transport);
  }
  // Queues everything; the ruleset is read back and compared.
  void load(bool fail_open = true, InlineFlows flows = InlineFlows::kAll) {
    NftSettings settings;
    settings.inline_queue.flows = flows;
    settings.inline_queue.fail_open = fail_open;
    queue_ = settings.inline_queue;
    enforcer_ = std::make_unique<Enforcer>(*transport_, settings);
    const auto report = enforcer_->load(nullptr);
    ASSERT_TRUE(report) << report.error().to_string();
  }
  [[nodiscard]] io::NfqueueSettings source() const {
    io::NfqueueSettings out;
    out.decided_mark = queue_.decided_mark();
    out.decided_mask = queue_.mark_mask();
    return out;
  }
  [[nodiscard]] Probe tcp(IpFamily family) { return lab_->tcp("web", "db", family, 80, 400ms); }

  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  std::unique_ptr<Enforcer> enforcer_;
  InlineQueueSettings queue_;
};

constexpr IpFamily kFamilies[] = {IpFamily::kV4, IpFamily::kV6};

TEST_F(NfqueueNetns, AcceptedPacketsGoOn) {
  load();
  Reader reader(source(), [](io::RawPacket& packet) { EXPECT_EQ(packet.link_type, io::LinkType::kRaw); });
  for (const IpFamily family : kFamilies) {
    const std::uint64_t before = reader.packets();
    EXPECT_EQ(tcp(family), Probe::kPassed);
    EXPECT_TRUE(reader.reaches(before + 3)) << "handshake";
    EXPECT_EQ(lab_->udp("web", "db", family, 9000, 0, 400ms), Probe::kPassed);
    EXPECT_EQ(lab_->ping("web", "node", family, 400ms), Probe::kPassed) << "with the node itself too";
  }
  EXPECT_EQ(reader.source().stats().kernel_drops, 0U);
  EXPECT_EQ(reader.source().verdict_errors(), 0U);
}

TEST_F(NfqueueNetns, DroppedPacketsDoNot) {
  load();
  Reader reader(source(), [](io::RawPacket& packet) { packet.verdict = io::PacketVerdict::kDrop; });
  for (const IpFamily family : kFamilies) EXPECT_EQ(tcp(family), Probe::kTimedOut);
  EXPECT_TRUE(reader.reaches(2));
}

TEST_F(NfqueueNetns, WithoutAReaderPacketsPassOrNotAsToldTo) {
  load(true);
  for (const IpFamily family : kFamilies) EXPECT_EQ(tcp(family), Probe::kPassed);
  load(false);
  for (const IpFamily family : kFamilies) EXPECT_EQ(tcp(family), Probe::kTimedOut);
}

TEST_F(NfqueueNetns, DecidedFlowsDoNotComeAgain) {
  load();
  std::atomic<bool> decide{false};
  Reader reader(source(), [&](io::RawPacket& packet) { packet.flow_decided = decide; });
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", IpFamily::kV4, 80, pair));
  decide = true;
  ASSERT_TRUE(pair.carries(true, 500ms));
  decide = false;
  const std::uint64_t before = reader.settled();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(pair.carries(true, 500ms));
    ASSERT_TRUE(pair.carries(false, 500ms));
  }
  EXPECT_EQ(reader.packets(), before) << "the connection's mark says that it is decided";
  EXPECT_EQ(tcp(IpFamily::kV4), Probe::kPassed);
  EXPECT_GT(reader.packets(), before) << "another connection is not";
}

TEST_F(NfqueueNetns, OnlyMarkedFlowsOfAPolicy) {
  load(false, InlineFlows::kPolicy);
  Reader reader(source(), [](io::RawPacket&) {});
  EXPECT_EQ(tcp(IpFamily::kV4), Probe::kPassed);
  EXPECT_EQ(reader.packets(), 0U) << "no rule marks it";
}

TEST_F(NfqueueNetns, SuperPacketsComeWholeAndUnharmed) {
  load();
  Reader reader(source(), [](io::RawPacket&) {});
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", IpFamily::kV4, 80, pair));
  std::vector<unsigned char> sent(4 << 20);
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<unsigned char>(i * 2654435761U >> 13);
  std::thread writer([&] {
    for (std::size_t at = 0; at < sent.size();) {
      pollfd room{pair.client.get(), POLLOUT, 0};
      if (::poll(&room, 1, 2000) != 1) break;
      const auto n = ::send(pair.client.get(), &sent[at], sent.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) break;
      at += static_cast<std::size_t>(n);
    }
  });
  std::vector<unsigned char> got;
  unsigned char part[65536];
  pollfd wait{pair.server.get(), POLLIN, 0};
  while (got.size() < sent.size() && ::poll(&wait, 1, 2000) == 1) {
    const auto n = ::recv(pair.server.get(), part, sizeof part, 0);
    if (n <= 0) break;
    got.insert(got.end(), part, part + n);
  }
  writer.join();
  EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size() << " bytes";
  EXPECT_GT(reader.longest(), 9000U) << "longer than any frame";
  EXPECT_EQ(reader.source().stats().truncated, 0U);
}

// One's complement sum over TCP header and payload with the pseudo header (RFC 9293 3.1).
void fix_tcp_checksum(std::vector<Byte>& packet) {
  const std::size_t header = std::size_t{packet[0]} % 16 * 4, length = packet.size() - header;
  packet[header + 16] = packet[header + 17] = 0;
  std::uint32_t sum = ip_proto::kTcp + static_cast<std::uint32_t>(length);
  const auto add = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) sum += i % 2 == begin % 2 ? packet[i] * 256U : packet[i];
  };
  add(12, 20);
  add(header, packet.size());
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  sum = ~sum & 0xffff;
  packet[header + 16] = static_cast<Byte>(sum >> 8);
  packet[header + 17] = static_cast<Byte>(sum);
}

// Both kinds come back with their checksum complete: the kernel gave them with a partial one.
TEST_F(NfqueueNetns, RewrittenPacketsArriveAsRewritten) {
  load();
  std::array<std::vector<Byte>, io::kMaxBatch> copies;
  std::size_t next = 0;
  std::atomic<std::uint32_t> longest{0};
  Reader reader(source(), [&](io::RawPacket& packet) {
    const bool ours = packet.captured > 40 && packet.data[0] >> 4 == 4 && packet.data[9] == ip_proto::kTcp;
    if (!ours || std::find(packet.data, packet.data + packet.captured, Byte{'?'}) == packet.data + packet.captured)
      return;
    std::vector<Byte>& copy = copies[next++ % copies.size()];
    copy.assign(packet.data, packet.data + packet.captured);
    const std::size_t payload = std::size_t{copy[0]} % 16 * 4 + 20;
    std::replace(copy.begin() + static_cast<std::ptrdiff_t>(payload), copy.end(), Byte{'?'}, Byte{'!'});
    fix_tcp_checksum(copy);
    packet.rewritten = copy;
    longest = std::max(longest.load(), packet.captured);
  });
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", IpFamily::kV4, 80, pair));
  for (const std::size_t size : {std::size_t{5}, std::size_t{60'000}}) {
    const std::string sent(size, '?');
    ASSERT_EQ(::send(pair.client.get(), sent.data(), sent.size(), MSG_NOSIGNAL), static_cast<ssize_t>(size));
    std::string got;
    char part[65536];
    pollfd wait{pair.server.get(), POLLIN, 0};
    while (got.size() < size && ::poll(&wait, 1, 3000) == 1) {
      const auto n = ::recv(pair.server.get(), part, sizeof part, 0);
      if (n <= 0) break;
      got.append(part, static_cast<std::size_t>(n));
    }
    EXPECT_EQ(got, std::string(size, '!'));
  }
  EXPECT_GT(longest, 9000U) << "super-packets were among them";
  EXPECT_EQ(reader.source().verdict_errors(), 0U);
}

TEST_F(NfqueueNetns, AQueueHasOneReader) {
  load();
  io::NfqueueSource first(source()), second(source());
  ASSERT_TRUE(first.open());
  const Status again = second.open();
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().to_string().find("queue 0"), std::string::npos) << again.error().to_string();
}

TEST_F(NfqueueNetns, NothingIsLeftBehind) {
  load();
  EXPECT_NE(lab_->output("nft list tables").find("ip6 bulkhead"), std::string::npos);
  ASSERT_TRUE(Enforcer::recover(*transport_));
  EXPECT_EQ(lab_->output("nft list tables"), "");
}

}  // namespace
}  // namespace bulkhead::rules
