// The daemon as a wire of DPDK between two namespaces: PACKET_MMAP ports of DPDK (net_af_packet) on veths.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/netns/daemon_folder.h"
#include "tests/netns/net_lab.h"

namespace bulkhead::testing {
namespace {

using namespace std::chrono_literals;

class DpdkNetns : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModule)) GTEST_SKIP() << "this build has no module with DPDK";
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"a", "b"}, false);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    folder_.make(::testing::TempDir(), "dpdk");
    folder_.write("some.rules",
                  "drop icmp any any -> any any (msg:\"echo\"; itype:8; sid:1;)\n"
                  "alert icmp any any -> any any (msg:\"echo of IPv6\"; itype:128; sid:2;)\n");
    // Nothing leads from one to the other but the daemon.
    for (const char* host : {"a", "b"}) {
      ASSERT_TRUE(lab_->run("ip link set " + lab_->host(host).interface + " nomaster promisc on"));
    }
    ASSERT_NE(lab_->ping("a", "b", IpFamily::kV6), Probe::kPassed);
  }
  void TearDown() override {
    daemon_.reset();
    lab_.reset();
  }
  [[nodiscard]] bool logged(const std::string& words) const { return folder_.log().find(words) != std::string::npos; }
  // False: the EAL does not start here.
  bool start(const std::string& mode) {
    daemon_ = folder_.start(
        "signatures: [some.rules]\ncontrol: {enabled: no}\nmetrics: {enabled: no}\n"
        "discovery: {docker: no, cri: no}\ndpdk:\n  mode: " +
        mode +
        "\n  huge-pages: no\n  packets: 4096\n"
        "  ports: [\"net_af_packet0,iface=veth-a\", \"net_af_packet1,iface=veth-b\"]\n");
    return comes_true([&] { return logged("ready:") || logged("rte_eal_init"); }) && logged("ready:");
  }
  [[nodiscard]] std::string eve() const {
    std::ifstream file(folder_.path() + "/eve.json");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static constexpr const char* kModule = BULKHEAD_DPDK_MODULE;
  std::unique_ptr<NetLab> lab_;
  DaemonFolder folder_;
  std::unique_ptr<Process> daemon_;
};

TEST_F(DpdkNetns, AWireCarriesWhatTheRulesAllow) {
  if (!start("wire")) {
    if (logged("rte_eal_init")) GTEST_SKIP() << folder_.log();
    FAIL() << folder_.log();
  }
  // Neighbours are asked for through the wire, too.
  EXPECT_TRUE(comes_true([&] { return lab_->ping("a", "b", IpFamily::kV6, 500ms) == Probe::kPassed; }))
      << folder_.log();
  EXPECT_NE(lab_->ping("a", "b", IpFamily::kV4, 500ms), Probe::kPassed) << "dropped";
  daemon_->end(SIGTERM);
  const std::string events = eve();
  EXPECT_NE(events.find("\"signature_id\":1"), std::string::npos) << folder_.log();
  EXPECT_NE(events.find("\"action\":\"blocked\""), std::string::npos);
  EXPECT_NE(events.find("\"signature_id\":2"), std::string::npos) << folder_.log();
  EXPECT_NE(lab_->ping("a", "b", IpFamily::kV6), Probe::kPassed) << "without the daemon nothing carries";
}

// Two daemons, a memory between them instead of a wire: a virtual machine's side (virtio-user) and its host's (vhost).
TEST_F(DpdkNetns, VhostUserBetweenTwoDaemons) {
  DaemonFolder other;
  other.make(::testing::TempDir(), "dpdk_guest");
  const std::string common =
      "control: {enabled: no}\nmetrics: {enabled: no}\nguard: {enabled: no}\ndiscovery: {docker: no}\n"
      "dpdk:\n  mode: wire\n  huge-pages: no\n  packets: 4096\n  ports: ";
  const std::string socket = folder_.path() + "/vhost.sock";
  daemon_ = folder_.start("signatures: [some.rules]\n" + common +
                          "[\"net_af_packet0,iface=veth-a\", \"net_vhost0,iface=" + socket + "\"]\n");
  ASSERT_TRUE(comes_true([&] { return logged("ready:") || logged("rte_eal_init"); })) << folder_.log();
  if (!logged("ready:")) GTEST_SKIP() << folder_.log();
  const auto guest =
      other.start(common + "[\"net_virtio_user0,path=" + socket + "\", \"net_af_packet0,iface=veth-b\"]\n");
  ASSERT_TRUE(comes_true([&] { return other.log().find("ready:") != std::string::npos; })) << other.log();
  EXPECT_TRUE(comes_true([&] { return lab_->ping("a", "b", IpFamily::kV6, 500ms) == Probe::kPassed; }))
      << folder_.log() << other.log();
  EXPECT_NE(lab_->ping("a", "b", IpFamily::kV4, 500ms), Probe::kPassed) << "dropped";
  guest->end(SIGTERM);
  daemon_->end(SIGTERM);
  EXPECT_NE(eve().find("\"in_iface\":\"net_af_packet0\""), std::string::npos) << eve();
  EXPECT_NE(eve().find("\"signature_id\":1"), std::string::npos);
}

TEST_F(DpdkNetns, ATapReadsAndSendsNothing) {
  if (!start("tap")) {
    if (logged("rte_eal_init")) GTEST_SKIP() << folder_.log();
    FAIL() << folder_.log();
  }
  EXPECT_NE(lab_->ping("a", "b", IpFamily::kV6, 300ms), Probe::kPassed);
  daemon_->end(SIGTERM);
  EXPECT_NE(folder_.log().find("DPDK tap on net_af_packet0"), std::string::npos) << folder_.log();
}

}  // namespace
}  // namespace bulkhead::testing
