#include "rules/discovery/container_limits.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bulkhead::rules {
namespace {

std::string inspect(const std::string& host_config) {
  return R"({"Id":"ab12","State":{"Running":true},"HostConfig":{)" + host_config + "}}";
}
ContainerLimits now(const std::string& host_config) {
  const auto parsed = parse_container_limits(inspect(host_config));
  EXPECT_TRUE(parsed) << parsed.error().to_string();
  return parsed->now;
}

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;
constexpr ContainerLimits kWanted{512 * kMegabyte, 512, 100'000};
constexpr ContainerUsage kUsage{20 * kMegabyte, 3};

TEST(ContainerLimits, ReadsEveryFormOfALimit) {
  EXPECT_EQ(now(R"("Memory":0,"PidsLimit":null,"NanoCpus":0,"CpuQuota":0)"), ContainerLimits{});
  EXPECT_EQ(now(R"("Memory":-1,"PidsLimit":-1,"CpuQuota":-1)"), ContainerLimits{}) << "-1 is none";
  EXPECT_EQ(now(R"("Memory":1048576,"PidsLimit":7)"), (ContainerLimits{kMegabyte, 7, 0}));
  EXPECT_EQ(now(R"("NanoCpus":1500000000)").cpu_quota, 150'000);
  EXPECT_EQ(now(R"("CpuQuota":50000)").cpu_quota, 50'000);
  EXPECT_EQ(now(R"("CpuQuota":50000,"CpuPeriod":200000)").cpu_quota, 25'000);
  EXPECT_EQ(now(R"("Memory":18446744073709551615,"PidsLimit":"many","NanoCpus":1e30)"), ContainerLimits{});
}

TEST(ContainerLimits, RefusesAnAnswerThatNamesNoContainer) {
  for (const char* bad : {"", "[]", "{}", R"({"Id":"../x","HostConfig":{}})", R"({"Id":"ab"})"}) {
    EXPECT_FALSE(parse_container_limits(bad)) << bad;
  }
  EXPECT_FALSE(parse_container_usage("no json"));
  EXPECT_EQ(parse_container_usage(R"({"memory_stats":{"usage":5},"pids_stats":{"current":2}})")->memory, 5);
  EXPECT_EQ(parse_container_usage("{}")->processes, 0);
}

TEST(ContainerLimits, GivesWhatIsLackingAndNothingElse) {
  EXPECT_EQ(limits_to_give({}, kWanted, kUsage), kWanted);
  EXPECT_TRUE(limits_to_give({1, 1, 1}, kWanted, kUsage).empty()) << "a limit that is there is never touched";
  EXPECT_EQ(limits_to_give({0, 9, 0}, kWanted, kUsage), (ContainerLimits{512 * kMegabyte, 0, 100'000}));
  EXPECT_TRUE(limits_to_give({}, {}, kUsage).empty());
}

TEST(ContainerLimits, WhatRunsGoesOnRunning) {
  const ContainerLimits busy = limits_to_give({}, kWanted, {700 * kMegabyte, 900});
  EXPECT_EQ(busy.memory, 1400 * kMegabyte);
  EXPECT_EQ(busy.processes, 1800);
  EXPECT_EQ(limits_to_give({}, kWanted, {}), (ContainerLimits{0, 0, 100'000})) << "use unknown: left out";
  EXPECT_GT(limits_to_give({}, kWanted, {INT64_MAX, INT64_MAX}).memory * 2, 0) << "no overflow";
}

TEST(ContainerLimits, TakesBackOnlyWhatStillStands) {
  EXPECT_EQ(limits_to_take_back(kWanted, kWanted), kWanted);
  EXPECT_EQ(limits_to_take_back({kWanted.memory, 99, 0}, kWanted), (ContainerLimits{kWanted.memory, 0, 0}));
  EXPECT_TRUE(limits_to_take_back({5, 6, 7}, {}).empty());
}

TEST(ContainerLimits, UpdatesAsTheEngineReadsThem) {
  using Json = nlohmann::json;
  EXPECT_EQ(Json::parse(update_that_gives({100, 5, 20'000})), Json::parse(R"({"Memory":100,"MemorySwap":200,
    "PidsLimit":5,"CpuPeriod":100000,"CpuQuota":20000})"));
  EXPECT_EQ(update_that_gives({0, 5, 0}), R"({"PidsLimit":5})");
  EXPECT_EQ(
      Json::parse(update_that_takes_back({100, 5, 20'000})),
      Json::parse(R"({"Memory":2305843009213693952,"MemorySwap":4611686018427387904,"PidsLimit":-1,"CpuQuota":-1})"));
  EXPECT_EQ(now(R"("Memory":2305843009213693952)").memory, 0) << "and so much is none";
  EXPECT_EQ((ContainerLimits{512 * kMegabyte, 5, 50'000}.to_string()), "512 MB of memory, 5 processes, 50 % of a CPU");
}

TEST(ContainerLimits, ANameThatCouldLeaveItsPathIsNone) {
  for (const char* good : {"web", "shop_api-1", "a.b", "0"}) EXPECT_TRUE(is_container_name(good)) << good;
  for (const char* bad : {"", "-a", ".", "..", "a/b", "a?b", "a b", "a%2f"})
    EXPECT_FALSE(is_container_name(bad)) << bad;
}

}  // namespace
}  // namespace bulkhead::rules
