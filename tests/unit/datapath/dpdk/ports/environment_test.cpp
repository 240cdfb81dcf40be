#include "datapath/dpdk/ports/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/dpdk/ports/dpdk_port.h"

namespace bulkhead::dpdk {
namespace {

using ::testing::Contains;
using ::testing::Not;

TEST(DpdkEnvironment, PciAddressesAreToldFromVirtualDevices) {
  EXPECT_TRUE(is_pci_address("0000:81:00.0"));
  EXPECT_TRUE(is_pci_address("81:00.1,representor=0"));
  EXPECT_FALSE(is_pci_address("net_af_packet0,iface=eth1.5"));
  EXPECT_FALSE(is_pci_address("net_null0"));
  EXPECT_FALSE(is_pci_address(""));
  EXPECT_EQ(port_name("net_pcap0,rx_pcap=a,tx_pcap=b"), "net_pcap0");
}

TEST(DpdkEnvironment, OnlyTheNamedDevicesAreTaken) {
  DpdkSettings settings;
  settings.ports = {"0000:81:00.0", "net_null0"};
  settings.eal = {"--vfio-intr=msi"};
  const auto arguments = environment_arguments(settings, 3);
  ASSERT_TRUE(arguments);
  EXPECT_THAT(*arguments, Contains("0000:81:00.0"));
  EXPECT_THAT(*arguments, Contains("0@3"));
  EXPECT_THAT(*arguments, Contains("--vfio-intr=msi"));
  EXPECT_THAT(*arguments, Not(Contains("--no-pci")));
  EXPECT_THAT(*arguments, Not(Contains("--no-huge")));
  settings.ports = {"net_null0"};
  settings.no_huge = true;
  const auto without = environment_arguments(settings, 0);
  ASSERT_TRUE(without);
  EXPECT_THAT(*without, Contains("--no-pci"));
  EXPECT_THAT(*without, Contains("--no-huge"));
}

TEST(DpdkEnvironment, ArgumentsThatWouldEndTheProcessAreRefused) {
  for (const char* ends : {"-h", "--help", "-v", "--version"}) {
    DpdkSettings settings;
    settings.eal = {ends};
    EXPECT_FALSE(environment_arguments(settings, 0)) << ends;
  }
}

TEST(DpdkEnvironment, MemoryGrowsWithPortsAndPackets) {
  DpdkSettings settings;
  settings.ports = {"a"};
  const std::uint32_t one = memory_needed_mb(settings);
  // 16384 packets of 2 KB.
  EXPECT_GT(one, 32U);
  EXPECT_LT(one, 256U);
  settings.ports = {"a", "b"};
  EXPECT_GT(memory_needed_mb(settings), one + 32);
  settings.mbufs *= 2;
  EXPECT_GT(memory_needed_mb(settings), 2 * one);
}

TEST(DpdkEnvironment, OldLinesGiveWayAndTheLastAreTheReason) {
  static_cast<void>(take_lines());
  for (std::size_t i = 0; i < kKeptLines + 3; ++i) add_line("line " + std::to_string(i));
  EXPECT_EQ(last_lines(2), "line 65; line 66");
  const auto lines = take_lines();
  ASSERT_EQ(lines.size(), kKeptLines);
  EXPECT_EQ(lines.front(), "line 3");
  EXPECT_TRUE(take_lines().empty());
}

TEST(DpdkPort, TheKeyHashesBothDirectionsAlike) {
  // Toeplitz over source, destination, source port, destination port.
  const std::vector<Byte> key = symmetric_key(40);
  const auto hash = [&key](const std::vector<Byte>& input) {
    std::uint32_t out = 0;
    for (std::size_t bit = 0; bit < input.size() * 8; ++bit) {
      if ((input[bit / 8] >> (7 - bit % 8) & 1) == 0) continue;
      for (std::size_t k = 0; k < 32; ++k) {
        const std::size_t at = bit + k;
        out ^= static_cast<std::uint32_t>(key[at / 8] >> (7 - at % 8) & 1) << (31 - k);
      }
    }
    return out;
  };
  const std::uint32_t there = hash({10, 1, 2, 3, 10, 9, 8, 7, 0x9c, 0x40, 0, 80});
  const std::uint32_t back = hash({10, 9, 8, 7, 10, 1, 2, 3, 0, 80, 0x9c, 0x40});
  EXPECT_EQ(there, back);
  EXPECT_NE(there, hash({10, 1, 2, 3, 10, 9, 8, 7, 0x9c, 0x41, 0, 80}));
}

}  // namespace
}  // namespace bulkhead::dpdk
