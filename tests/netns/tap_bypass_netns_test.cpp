// A daemon that reads copies: a transfer beyond the depth leaves its ring, and its record has all of it.
#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>
#include <cstdlib>

#include "datapath/io/kernel_bypass.h"
#include "tests/netns/daemon_folder.h"
#include "tests/netns/net_lab.h"

namespace bulkhead::testing {
namespace {

using namespace std::chrono_literals;

class TapBypassNetns : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"a", "b"}, false);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    if (const auto probe = io::KernelBypass::create(65536, false); !probe) GTEST_SKIP() << probe.error().to_string();
    folder_.make(::testing::TempDir(), "tap_bypass");
    folder_.write("some.rules",
                  "alert tcp any any -> any 80 (msg:\"early\"; content:\"early-word\"; sid:1;)\n"
                  "alert tcp any any -> any 80 (msg:\"late\"; content:\"late-word\"; sid:2;)\n");
  }
  void TearDown() override {
    daemon_.reset();
    lab_.reset();
  }
  bool start(const std::string& more) {
    daemon_ = folder_.start(
        "signatures: [some.rules]\ncontrol: {enabled: no}\nmetrics: {enabled: no}\n"
        "discovery: {docker: no, cri: no}\neve: {types: [alert, flow, stats]}\nstats: {interval: 1}\nstream: {bypass: "
        "yes, "
        "reassembly: {depth: 20kb}}\n"
        "capture:\n  interfaces: [veth-a]\n" +
        more);
    return comes_true([&] { return folder_.log().find("ready:") != std::string::npos; });
  }
  // All of it, and the other end has read it.
  static void carry(TcpPair& pair, const std::string& text) {
    std::string buffer(65536, ' ');
    std::size_t sent = 0, got = 0;
    while (got < text.size()) {
      const auto out = ::send(pair.client.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (out > 0) sent += static_cast<std::size_t>(out);
      pollfd wait{pair.server.get(), POLLIN, 0};
      if (::poll(&wait, 1, 2000) != 1) break;
      const auto in = ::recv(pair.server.get(), buffer.data(), buffer.size(), 0);
      if (in <= 0) break;
      got += static_cast<std::size_t>(in);
    }
    ASSERT_EQ(got, text.size());
  }
  // The number behind such words in the last record that has `kind` in it; -1: not there.
  [[nodiscard]] long last(const std::string& kind, const std::string& words, const std::string& behind = "") const {
    std::ifstream file(folder_.path() + "/eve.json");
    long out = -1;
    for (std::string line; std::getline(file, line);) {
      const std::size_t at = line.find(words, line.find(behind));
      if (line.find(kind) == std::string::npos || at == std::string::npos) continue;
      out = std::atol(line.c_str() + at + words.size());
    }
    return out;
  }
  [[nodiscard]] long in_kernel() const { return last("\"event_type\":\"stats\"", "\"pkts\":", "\"flow_bypassed\":{"); }
  [[nodiscard]] long in_ring() const { return last("\"event_type\":\"stats\"", "\"kernel_packets\":"); }
  [[nodiscard]] long in_record() const { return last("\"dest_port\":80,", "\"bytes_toserver\":"); }
  [[nodiscard]] long taken_over() const {
    return last("\"bypass\":\"capture\"", "\"bytes_toserver\":", "\"bypassed\":{");
  }
  [[nodiscard]] long alert() const { return last("\"event_type\":\"alert\"", "\"signature_id\":"); }

  // A word, 100 KB, a pause in which the worker sees that, 4 MB, another word; then the daemon ends.
  void transfer() {
    TcpPair pair;
    ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, pair));
    carry(pair, "early-word" + std::string(100'000, 'x'));
    std::this_thread::sleep_for(500ms);
    carry(pair, std::string(4'000'000, 'y'));
    carry(pair, "late-word");
    std::this_thread::sleep_for(300ms);
    daemon_->end(SIGTERM);
  }

  std::unique_ptr<NetLab> lab_;
  DaemonFolder folder_;
  std::unique_ptr<Process> daemon_;
};

TEST_F(TapBypassNetns, TheRecordHasWhatTheKernelCounted) {
  ASSERT_TRUE(start("")) << folder_.log();
  transfer();
  EXPECT_GT(in_kernel(), 10) << folder_.log();
  EXPECT_LT(in_ring(), in_kernel()) << "the ring carried the beginning alone";
  EXPECT_GT(in_record(), 4'100'000);
  EXPECT_GT(taken_over(), 3'000'000);
  EXPECT_LT(taken_over(), in_record());
  EXPECT_EQ(alert(), 1) << "beyond the depth nothing is looked at";
}

TEST_F(TapBypassNetns, ByTheSettingEverythingComes) {
  ASSERT_TRUE(start("  kernel-bypass: no\n")) << folder_.log();
  transfer();
  EXPECT_EQ(in_kernel(), -1) << "no such counter";
  EXPECT_GT(in_record(), 4'100'000);
  EXPECT_EQ(alert(), 1) << "the same as with it";
}

}  // namespace
}  // namespace bulkhead::testing
