// `bulkhead learn --live`: a policy proposed from what passes a bridge.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/netns/net_lab.h"

namespace bulkhead {
namespace {

using testing::NetLab;
using testing::Probe;

constexpr const char* kInventory = R"(
pods:
  - {namespace: shop, name: web, labels: {app: web}, ips: [10.77.0.2, 'fd77::2']}
  - {namespace: shop, name: db, labels: {app: db}, ips: [10.77.0.3, 'fd77::3']}
)";

TEST(LearnNetns, ListensOnTheBridgeUntilTheTimeIsOver) {
  if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
  NetLab lab({"web", "db"}, false);
  if (!lab.problem().empty()) GTEST_SKIP() << lab.problem();
  const std::string file = ::testing::TempDir() + "bulkhead_learn_" + std::to_string(::getpid()) + ".yaml";
  std::ofstream(file) << kInventory;
  std::string proposal;
  // A thread begins in the namespace of the one that starts it.
  std::thread learner([&] {
    proposal =
        lab.output(std::string(BULKHEAD_BINARY) + " learn --live br0 --seconds 5 --min-flows 2 --min-windows 1 " +
                   "--min-confidence 0 -i " + file + " 2>/dev/null");
  });
  std::size_t passed = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  while (std::chrono::steady_clock::now() < end) {
    passed += lab.tcp("web", "db", IpFamily::kV4, 6379) == Probe::kPassed ? 1 : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  learner.join();
  std::filesystem::remove(file);
  EXPECT_GT(passed, 5U);
  EXPECT_NE(proposal.find("tcp/6379"), std::string::npos) << proposal;
  EXPECT_NE(proposal.find("app=web"), std::string::npos) << proposal;
}

}  // namespace
}  // namespace bulkhead
