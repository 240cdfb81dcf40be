#include "config/daemon/sandbox_plan.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace bulkhead::config {
namespace {

class SandboxPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::canonical(::testing::TempDir()).string() + "/plan_" + std::to_string(::getpid());
    for (const char* name : {"/rules", "/policy"}) std::filesystem::create_directories(folder_ + name);
    settings_.log_dir = folder_ + "/log";
    settings_.eve_file = folder_ + "/log/eve.json";
    settings_.signatures.files = {folder_ + "/rules/a.rules"};
    settings_.signatures.data_dir = "/";
    settings_.policy.files = {folder_ + "/policy/a.yaml"};
    settings_.pipeline.nice = 0;
    books_.metrics = {.enabled = true, .listen = "127.0.0.1:9477"};
    books_.behaviour.enabled = false;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] bool keeps(int number) const {
    const auto plan = sandbox_plan(settings_, books_);
    return std::any_of(plan.capabilities.begin(), plan.capabilities.end(), [&](auto& c) { return c.number == number; });
  }
  [[nodiscard]] static bool has(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  }
  EngineSettings settings_;
  BooksSettings books_;
  std::string folder_;
};

TEST_F(SandboxPlanTest, DirectoriesOfTheSettings) {
  const auto files = sandbox_plan(settings_, books_).files;
  EXPECT_TRUE(has(files.read, folder_ + "/rules"));
  EXPECT_TRUE(has(files.read, folder_ + "/policy"));
  EXPECT_TRUE(has(files.write, folder_ + "/log"));
  EXPECT_TRUE(std::filesystem::is_directory(folder_ + "/log")) << "made: a rule of Landlock needs it";
  EXPECT_FALSE(has(files.write, "/")) << "the working directory of a service is no place for data";
  EXPECT_FALSE(has(files.write, folder_ + "/rules"));
  settings_.response.auto_limit.state_file = folder_ + "/state/resources.state";
  EXPECT_FALSE(has(sandbox_plan(settings_, books_).files.write, folder_ + "/state"));
  settings_.response.auto_limit.resources = true;
  EXPECT_TRUE(has(sandbox_plan(settings_, books_).files.write, folder_ + "/state"));
  EXPECT_FALSE(has(files.read, "/"));
}

TEST_F(SandboxPlanTest, CapabilitiesFollowTheSettings) {
  EXPECT_TRUE(keeps(CAP_NET_ADMIN) && keeps(CAP_NET_RAW));
  for (const int none :
       {CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_NICE, CAP_CHOWN, CAP_NET_BIND_SERVICE, CAP_DAC_OVERRIDE})
    EXPECT_FALSE(keeps(none)) << none;
  settings_.pipeline.nice = -10;
  EXPECT_TRUE(keeps(CAP_SYS_NICE));
  books_.control = {.enabled = true, .socket = folder_ + "/control.sock", .group = "adm"};
  EXPECT_TRUE(keeps(CAP_CHOWN));
  books_.metrics.listen = "[::]:80";
  EXPECT_TRUE(keeps(CAP_NET_BIND_SERVICE));
}

TEST_F(SandboxPlanTest, DirectoriesOfOthersNeedTheRightToPassThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  std::filesystem::create_directories(settings_.log_dir);
  ASSERT_EQ(::chown(settings_.log_dir.c_str(), 65534, 65534), 0);
  EXPECT_TRUE(keeps(CAP_DAC_OVERRIDE));
}

}  // namespace
}  // namespace bulkhead::config
