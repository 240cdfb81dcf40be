#include "config/daemon/resource_keeper.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "datapath/base/private_file.h"

namespace bulkhead::config {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

// A container as an engine knows it.
struct FakeEngine {
  Json host{{"Memory", 0}, {"PidsLimit", nullptr}, {"NanoCpus", 0}};
  bool away = false, gone = false, refuse = false, running = true;
  std::string address = "172.17.0.5";
  std::vector<std::string> updates;
};

class FakeClient final : public rules::DockerClient {
 public:
  explicit FakeClient(FakeEngine& engine) : engine_(engine) {}
  Result<std::string> get(const std::string& path) override {
    if (engine_.away) return Error{"GET", path, 0, "Connection"};
    if (engine_.gone) return Error{"GET", path, 0, "HTTP 404 no such container"};
    if (path.find("/stats") != std::string::npos) {
      return std::string(R"({"memory_stats":{"usage":4194304},"pids_stats":{"current":2}})");
    }
    return Json{{"Id", "ab12"},
                {"Name", "/api"},
                {"State", {{"Running", engine_.running}, {"Pid", 7}}},
                {"Config", {{"Labels", Json::object()}}},
                {"HostConfig", engine_.host},
                {"NetworkSettings", {{"Networks", {{"bridge", {{"IPAddress", engine_.address}}}}}}}}
        .dump();
  }
  Result<std::string> post(const std::string& path, const std::string& body) override {
    engine_.updates.push_back(path + " " + body);
    if (engine_.refuse) return Error{"POST", path, 0, "HTTP 500 no cgroup"};
    engine_.host.update(Json::parse(body));
    return std::string("{}");
  }
  Status follow(const std::string&, const std::function<bool(std::string_view)>&) override { return ok(); }
  void stop() override {}

 private:
  FakeEngine& engine_;
};

class ResourceKeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = testing::TempDir() + "bulkhead_resources_" + std::to_string(::getpid());
    std::filesystem::create_directories(folder);
    ASSERT_EQ(::chmod(folder.c_str(), 0700), 0);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::unique_ptr<ResourceKeeper> keeper() {
    return std::make_unique<ResourceKeeper>(std::make_unique<FakeClient>(engine), wanted, folder + "/resources.state",
                                            [this](const ResourceOutcome& outcome) { told.push_back(outcome); });
  }
  static ResourceCase api(bool enforce = true) {
    return {"shop/api", "api", {*IpAddress::parse("172.17.0.5")}, "posture privileged", 300s, enforce};
  }
  std::vector<std::string> actions() const {
    std::vector<std::string> out;
    for (const ResourceOutcome& outcome : told) out.emplace_back(to_string(outcome.action));
    return out;
  }
  using Words = std::vector<std::string>;
  std::string folder;
  FakeEngine engine;
  rules::ContainerLimits wanted{512LL << 20, 512, 100'000};
  std::vector<ResourceOutcome> told;
  ResourceKeeper::Clock::time_point now = ResourceKeeper::Clock::now();
};

TEST_F(ResourceKeeperTest, GivesWhatLacksAndTakesItBackWhenItsTimeIsOver) {
  auto one = keeper();
  one->give(api());
  one->work_for_test(now);
  ASSERT_EQ(actions(), Words{"give"});
  EXPECT_EQ(engine.host["Memory"], 512LL << 20);
  EXPECT_EQ(engine.host["PidsLimit"], 512);
  EXPECT_EQ(engine.host["CpuQuota"], 100'000);
  const Json said = resource_json(told[0]);
  EXPECT_EQ(said, Json::parse(R"({"action":"give","workload":"shop/api","reason":"posture privileged",
    "memory":536870912,"processes":512,"cpu_percent":100,"ttl":300})"));
  one->work_for_test(now + 299s);
  EXPECT_EQ(told.size(), 1U);
  one->work_for_test(now + 301s);
  EXPECT_EQ(actions(), (Words{"give", "take-back"}));
  EXPECT_EQ(engine.host["Memory"], rules::ContainerLimits::kNone * 2) << "none";
  EXPECT_EQ(engine.host["CpuQuota"], -1);
}

TEST_F(ResourceKeeperTest, UndoTakesItBackAtOnce) {
  auto one = keeper();
  one->give(api());
  one->take_back({*IpAddress::parse("172.17.0.99")});
  one->work_for_test(now);
  EXPECT_EQ(actions(), Words{"give"}) << "somebody else's address";
  one->take_back({*IpAddress::parse("172.17.0.5")});
  one->work_for_test(now + 1s);
  EXPECT_EQ(actions(), (Words{"give", "take-back"}));
}

TEST_F(ResourceKeeperTest, WhereNothingIsEnforcedItIsOnlySaidAndOnce) {
  auto one = keeper();
  one->give(api(false));
  one->give(api(false));
  one->work_for_test(now);
  EXPECT_EQ(actions(), Words{"advise"});
  EXPECT_EQ(told[0].limits, wanted);
  EXPECT_TRUE(engine.updates.empty());
}

TEST_F(ResourceKeeperTest, ALimitThatIsThereStaysAndOneThatWasChangedSince) {
  engine.host = {{"Memory", 8 << 20}, {"PidsLimit", 5}, {"NanoCpus", 1000}};
  auto one = keeper();
  one->give(api());
  one->work_for_test(now);
  EXPECT_TRUE(engine.updates.empty());
  EXPECT_TRUE(told.empty());
  engine.host = Json::object();
  one->give(api());
  one->work_for_test(now);
  engine.host["Memory"] = 1LL << 30;  // an operator's
  one->work_for_test(now + 301s);
  ASSERT_EQ(engine.updates.size(), 2U);
  EXPECT_EQ(engine.updates[1], "/containers/ab12/update {\"CpuQuota\":-1,\"PidsLimit\":-1}");
  EXPECT_EQ(engine.host["Memory"], 1LL << 30);
}

TEST_F(ResourceKeeperTest, AnotherContainerOfThatNameIsLeftAlone) {
  engine.address = "172.17.0.6";
  auto one = keeper();
  one->give(api());
  engine.address = "172.17.0.5";
  engine.running = false;
  one->give(api());
  ResourceCase odd = api();
  odd.container = "../../images";
  one->give(odd);
  one->work_for_test(now);
  EXPECT_TRUE(engine.updates.empty());
}

TEST_F(ResourceKeeperTest, ADaemonThatWasKilledTakesBackWhatItGave) {
  keeper()->work_for_test(now);
  {
    auto first = keeper();
    first->give(api());
    first->work_for_test(now);
  }
  struct stat status {};
  ASSERT_EQ(::stat((folder + "/resources.state").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  auto second = keeper();
  second->work_for_test(now);
  EXPECT_EQ(actions(), Words{"give"}) << "it has time left";
  second->work_for_test(now + 310s);
  EXPECT_EQ(actions(), (Words{"give", "take-back"}));
  EXPECT_EQ(Json::parse(*read_private(folder + "/resources.state"))["given"].size(), 0U);
}

TEST_F(ResourceKeeperTest, AStateThatOthersMayWriteIsNotBelieved) {
  {
    auto first = keeper();
    first->give(api());
    first->work_for_test(now);
  }
  ASSERT_EQ(::chmod((folder + "/resources.state").c_str(), 0666), 0);
  auto second = keeper();
  second->work_for_test(now + 900s);
  EXPECT_EQ(actions(), Words{"give"});
  for (const char* damaged : {"", "{", "[]", R"({"version":1,"given":[3,{"id":"../x","memory":1}]})"}) {
    ASSERT_TRUE(write_private(folder + "/resources.state", damaged));
    keeper()->work_for_test(now + 900s);
  }
  EXPECT_EQ(engine.updates.size(), 1U);
}

TEST_F(ResourceKeeperTest, WhatFailsIsSaidAndWhatCannotBeTakenBackIsTriedAgain) {
  engine.refuse = true;
  auto one = keeper();
  one->give(api());
  one->work_for_test(now);
  ASSERT_EQ(actions(), Words{"fail"});
  EXPECT_NE(told[0].error.find("no cgroup"), std::string::npos);
  engine.refuse = false;
  one->give(api());
  one->work_for_test(now);
  engine.away = true;
  one->work_for_test(now + 301s);
  EXPECT_EQ(actions(), (Words{"fail", "give", "fail"}));
  engine.away = false;
  one->work_for_test(now + 310s);
  EXPECT_EQ(told.size(), 3U) << "not yet";
  one->work_for_test(now + 332s);
  EXPECT_EQ(actions().back(), "take-back");
  one->give(api());
  one->work_for_test(now + 333s);
  engine.gone = true;
  one->work_for_test(now + 999s);
  EXPECT_EQ(actions().back(), "give") << "a container that is gone has nothing to give back";
}

}  // namespace
}  // namespace bulkhead::config
