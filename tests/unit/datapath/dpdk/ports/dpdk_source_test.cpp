// Ports without hardware, in plain memory, without root: each test starts the EAL in a process of its own.
#include "datapath/dpdk/ports/dpdk_source.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "datapath/dpdk/dpdk_sources.h"
#include "datapath/io/pcap_file_source.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::dpdk {
namespace {

using namespace std::chrono_literals;
using io::PacketVerdict;
using io::ReceiveStatus;
using test::Bytes;
using test::PacketBuilder;

Bytes datagram(int number) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .udp(40000, 53)
      .payload("datagram " + std::to_string(number))
      .build();
}

bool write(const std::string& path, const std::vector<Bytes>& frames) {
  std::vector<test::TimedPacket> packets;
  for (const Bytes& frame : frames) packets.push_back({Timestamp{1'700'000'000'000'000'000}, frame});
  return test::write_pcap(path, packets);
}

class DpdkSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static bool used = false;
    if (std::exchange(used, true)) GTEST_SKIP() << "needs a process of its own, as ctest gives it: the EAL starts once";
    folder_ = testing::TempDir() + "bulkhead_dpdk_" + std::to_string(::getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override {
    sources_.clear();
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }

  static DpdkSettings settings(std::vector<std::string> ports, bool wire) {
    DpdkSettings out;
    out.ports = std::move(ports);
    out.wire = wire;
    out.no_huge = true;
    out.mbufs = 4096;
    out.module = BULKHEAD_DPDK_MODULE;
    return out;
  }
  // False: the EAL does not start here, and the test is skipped.
  [[nodiscard]] bool open(const DpdkSettings& settings) {
    auto opened = open_dpdk(settings);
    if (!opened) {
      error_ = opened.error();
      return false;
    }
    sources_ = std::move(*opened);
    batch_.packets.reserve(io::kMaxBatch);
    return true;
  }
  [[nodiscard]] bool no_environment() const { return error_.operation == "rte_eal_init"; }

  // What a port has sent into a file.
  std::vector<Bytes> read(const std::string& name) {
    sources_.clear();  // files are complete when ports have stopped
    io::PcapFileSource source({file(name)});
    std::vector<Bytes> out;
    if (const Status opened = source.open(); !opened) {
      ADD_FAILURE() << opened.error().to_string();
      return out;
    }
    io::PacketBatch batch;
    batch.packets.reserve(64);
    while (source.receive(batch, 0ms) == ReceiveStatus::kPackets) {
      for (const auto& packet : batch.packets) out.emplace_back(packet.data, packet.data + packet.captured);
      source.release(batch);
    }
    return out;
  }

  std::string folder_;
  Error error_;
  DpdkSources sources_;
  io::PacketBatch batch_;
};

#define OPEN_OR_SKIP(settings)                                \
  if (!open(settings)) {                                      \
    if (no_environment()) GTEST_SKIP() << error_.to_string(); \
    FAIL() << error_.to_string();                             \
  }

TEST_F(DpdkSourceTest, ATapReadsEveryPacketInOrder) {
  std::vector<Bytes> frames;
  for (int i = 0; i < 200; ++i) frames.push_back(datagram(i));
  ASSERT_TRUE(write(file("in.pcap"), frames));
  OPEN_OR_SKIP(settings({"net_pcap0,rx_pcap=" + file("in.pcap")}, false));
  io::PacketSource& source = *sources_.front();
  std::size_t at = 0;
  std::uint64_t bytes = 0;
  while (source.receive(batch_, 10ms) == ReceiveStatus::kPackets) {
    for (const io::RawPacket& packet : batch_.packets) {
      ASSERT_LT(at, frames.size());
      EXPECT_EQ(Bytes(packet.data, packet.data + packet.captured), frames[at]);
      EXPECT_EQ(packet.number, ++at);
      EXPECT_GT(packet.time.ns, 0);
      bytes += packet.captured;
    }
    source.release(batch_);
  }
  EXPECT_EQ(at, frames.size());
  EXPECT_EQ(source.stats().received, frames.size());
  EXPECT_EQ(source.stats().received_bytes, bytes);
  EXPECT_FALSE(source.capabilities().inline_verdict);
  EXPECT_NE(source.describe().find("net_pcap0"), std::string::npos);
}

TEST_F(DpdkSourceTest, AWireSendsWhatTheVerdictsSay) {
  std::vector<Bytes> frames;
  for (int i = 0; i < 100; ++i) frames.push_back(datagram(i));
  ASSERT_TRUE(write(file("a.pcap"), frames));
  ASSERT_TRUE(write(file("b.pcap"), {datagram(1000)}));
  OPEN_OR_SKIP(settings({"net_pcap0,rx_pcap=" + file("a.pcap") + ",tx_pcap=" + file("to_a.pcap"),
                         "net_pcap1,rx_pcap=" + file("b.pcap") + ",tx_pcap=" + file("to_b.pcap")},
                        true));
  io::PacketSource& source = *sources_.front();
  EXPECT_TRUE(source.capabilities().inline_verdict);
  Bytes other = datagram(77);
  other[other.size() - 1] ^= 1;
  std::size_t from_a = 0;
  while (source.receive(batch_, 10ms) == ReceiveStatus::kPackets) {
    for (io::RawPacket& packet : batch_.packets) {
      if (packet.captured == datagram(1000).size()) continue;
      const std::size_t number = from_a++;
      if (number % 10 == 3) packet.verdict = PacketVerdict::kDrop;
      if (number == 50) packet.verdict = PacketVerdict::kReject;
      if (number == 77) packet.rewritten = other;
    }
    source.release(batch_);
  }
  EXPECT_EQ(from_a, frames.size());
  const io::SourceStats stats = source.stats();
  EXPECT_EQ(stats.received, 101U);
  EXPECT_EQ(stats.sent, 101U - 11 + 1) << "10 dropped, one rejected, its sender told";
  EXPECT_EQ(stats.send_drops, 0U);

  std::vector<Bytes> expected;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i % 10 != 3 && i != 50) expected.push_back(i == 77 ? other : frames[i]);
  }
  EXPECT_EQ(read("to_b.pcap"), expected);
  const auto back = read("to_a.pcap");
  ASSERT_EQ(back.size(), 2U);
  const Bytes& answer = back[back[0] == datagram(1000) ? 1 : 0];
  EXPECT_EQ(answer[23], 1) << "ICMP";
  EXPECT_EQ(answer[34], 3) << "destination unreachable";
}

TEST_F(DpdkSourceTest, WhatAFullQueueRefusesIsCountedAndGivenBack) {
  std::vector<Bytes> frames;
  for (int i = 0; i < 64; ++i) frames.push_back(datagram(i));
  ASSERT_TRUE(write(file("in.pcap"), frames));
  // The second port's queue leads back to itself: it is full once 1023 packets are in it.
  OPEN_OR_SKIP(settings({"net_pcap0,rx_pcap=" + file("in.pcap"), "net_ring0"}, true));
  std::uint16_t ring = 0;
  ASSERT_EQ(::rte_eth_dev_get_port_by_name("net_ring0", &ring), 0);
  rte_mempool* pool = ::rte_pktmbuf_pool_create("of_the_test", 2047, 0, 0, 2048, SOCKET_ID_ANY);
  ASSERT_NE(pool, nullptr);
  std::size_t filled = 0;
  for (;; ++filled) {
    rte_mbuf* mbuf = ::rte_pktmbuf_alloc(pool);
    ASSERT_NE(mbuf, nullptr) << "the ring takes everything";
    if (::rte_eth_tx_burst(ring, 0, &mbuf, 1) == 1) continue;
    ::rte_pktmbuf_free(mbuf);
    break;
  }
  io::PacketSource& source = *sources_.front();
  ASSERT_EQ(source.receive(batch_, 100ms), ReceiveStatus::kPackets);
  ASSERT_EQ(batch_.packets.size(), 64U) << "those of the file come first";
  source.release(batch_);
  EXPECT_EQ(source.stats().sent, 0U);
  EXPECT_EQ(source.stats().send_drops, 64U);
  // What waited in the ring goes on to the first port, which takes everything.
  std::size_t passed = 0;
  while (source.receive(batch_, 10ms) == ReceiveStatus::kPackets) {
    passed += batch_.packets.size();
    source.release(batch_);
  }
  EXPECT_EQ(passed, filled);
  EXPECT_EQ(::rte_mempool_avail_count(pool), 2047U) << "no packet is kept";
}

TEST_F(DpdkSourceTest, NullPortsGiveWithoutEnd) {
  OPEN_OR_SKIP(settings({"net_null0,size=64", "net_null1,size=64"}, true));
  io::PacketSource& source = *sources_.front();
  std::uint64_t received = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(source.receive(batch_, 10ms), ReceiveStatus::kPackets);
    received += batch_.packets.size();
    ASSERT_EQ(batch_.packets.front().captured, 64U);
    source.release(batch_);
  }
  EXPECT_EQ(received, 64000U);
  EXPECT_EQ(source.stats().sent, received);
}

TEST_F(DpdkSourceTest, AnIdleSourceKeepsItsTime) {
  OPEN_OR_SKIP(settings({"net_ring0"}, false));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(sources_.front()->receive(batch_, 20ms), ReceiveStatus::kTimeout);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
}

TEST_F(DpdkSourceTest, AnUnknownDriverIsToldWithTheWordsOfTheEal) {
  if (open(settings({"net_nothing0"}, false))) FAIL() << "opened";
  if (no_environment()) GTEST_SKIP() << error_.to_string();
  EXPECT_EQ(error_.operation, "rte_dev_probe");
  EXPECT_NE(error_.to_string().find("net_nothing0"), std::string::npos);
  EXPECT_NE(error_.to_string().find("failed to parse device"), std::string::npos) << error_.to_string();
}

TEST_F(DpdkSourceTest, MoreWorkersThanQueuesAreRefused) {
  DpdkSettings many = settings({"net_ring0"}, false);
  many.workers = 40;
  if (open(many)) FAIL() << "opened";
  if (no_environment()) GTEST_SKIP() << error_.to_string();
  EXPECT_NE(error_.to_string().find("40 workers"), std::string::npos) << error_.to_string();
}

TEST_F(DpdkSourceTest, SettingsThatCannotBeAreRefusedBeforeTheEalStarts) {
  EXPECT_FALSE(open(settings({"net_null0"}, true)));
  EXPECT_NE(error_.to_string().find("pairs"), std::string::npos);
  EXPECT_FALSE(open(settings({"net_null0", "net_null0,size=60"}, true)));
  EXPECT_NE(error_.to_string().find("twice"), std::string::npos);
}

TEST_F(DpdkSourceTest, ACoreThatIsNotThereIsRefused) {
  DpdkSettings far = settings({"net_null0"}, false);
  far.cores = {1000};
  if (open(far)) FAIL() << "opened";
  if (no_environment()) GTEST_SKIP() << error_.to_string();
  EXPECT_NE(error_.to_string().find("core 1000"), std::string::npos) << error_.to_string();
}

TEST_F(DpdkSourceTest, WrongArgumentsOfTheEalAreToldInItsWords) {
  DpdkSettings wrong = settings({"net_null0"}, false);
  wrong.eal = {"--lcores=7@nowhere"};
  ASSERT_FALSE(open(wrong));
  EXPECT_EQ(error_.operation, "rte_eal_init");
  EXPECT_NE(error_.to_string().find("--lcores=7@nowhere"), std::string::npos);
  EXPECT_NE(error_.to_string().find("EAL: "), std::string::npos) << error_.to_string();
}

}  // namespace
}  // namespace bulkhead::dpdk
