#include "signatures/intel/indicator_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::intel {
namespace {

constexpr Timestamp kNow{1'800'000'000'000'000'000};

class IntelDirectory : public testing::Test {
 protected:
  void SetUp() override {
    path = testing::TempDir() + "bulkhead_intel_" + std::to_string(::getpid());
    std::filesystem::create_directories(path + "/warninglists");
    settings.directory = path;
    settings.expire = std::chrono::hours(1'000'000);
  }
  void TearDown() override { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path + "/" + name) << text; }
  [[nodiscard]] IndicatorTablePtr load() {
    Diagnostics diagnostics;
    return load_indicators(settings, kNow, diagnostics);
  }
  static std::string hit(const IndicatorTable& table, const char* address) {
    const Indicator* found = table.address(*IpAddress::parse(address), kNow);
    return found == nullptr ? "" : table.feed(*found) + " " + found->network.to_string();
  }
  std::string path;
  IntelSettings settings;
};

TEST_F(IntelDirectory, TheLongestNetworkAndTheLongestSuffix) {
  write("a.txt", "203.0.113.0/24\n203.0.113.128/25\n2001:db8::/32\n");
  write("b.txt", "evil.example\n");
  const auto table = load();
  EXPECT_EQ(hit(*table, "203.0.113.1"), "a.txt 203.0.113.0/24");
  EXPECT_EQ(hit(*table, "203.0.113.200"), "a.txt 203.0.113.128/25");
  EXPECT_EQ(hit(*table, "2001:db8:1::"), "a.txt 2001:db8::/32");
  EXPECT_EQ(hit(*table, "203.0.114.1"), "");
  EXPECT_NE(table->name("a.b.EVIL.example", kNow), nullptr);
  EXPECT_EQ(table->name("notevil.example", kNow), nullptr);
  EXPECT_EQ(table->name("example", kNow), nullptr);
}

TEST_F(IntelDirectory, WarningListsWin) {
  write("a.txt", "8.8.8.8\n8.0.0.0/7\ncdn.good.example\nbad.example\n");
  write("warninglists/dns.json", R"({"type":"cidr","list":["8.8.8.0/24",".good.example"]})");
  const auto table = load();
  EXPECT_EQ(hit(*table, "8.8.8.8"), "a.txt 8.0.0.0/7") << "a wider network is not what the list names";
  EXPECT_EQ(table->name("cdn.good.example", kNow), nullptr);
  EXPECT_NE(table->name("bad.example", kNow), nullptr);
  EXPECT_EQ(table->counts().warned, 2U);
}

TEST_F(IntelDirectory, WhatHasExpiredIsNotThere) {
  write("a.json", R"({"type":"bundle","objects":[
    {"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.5']","valid_until":"2027-01-15T07:59:59Z"},
    {"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.6']","valid_until":"2027-01-15T09:00:00Z"}]})");
  const auto table = load();
  EXPECT_EQ(hit(*table, "203.0.113.5"), "");
  EXPECT_NE(hit(*table, "203.0.113.6"), "");
  EXPECT_EQ(table->counts().expired, 1U);
  const Timestamp later{kNow.ns + 7'200'000'000'000};
  EXPECT_EQ(table->address(*IpAddress::parse("203.0.113.6"), later), nullptr) << "also without another reading";
}

TEST_F(IntelDirectory, TheSurestOfSeveralCounts) {
  write("a.txt", "203.0.113.5\n");
  write("b.csv", "ip,confidence\n203.0.113.5,95\n");
  const auto table = load();
  EXPECT_EQ(table->size(), 1U);
  EXPECT_EQ(table->address(*IpAddress::parse("203.0.113.5"), kNow)->confidence, 95);
  EXPECT_EQ(table->counts().double_named, 1U);
}

TEST_F(IntelDirectory, ABrokenFeedLeavesTheOthers) {
  write("a.json", "{\"type\":\"bundle\",");
  write("b.txt", "203.0.113.5\n");
  Diagnostics diagnostics;
  const auto table = load_indicators(settings, kNow, diagnostics);
  EXPECT_EQ(table->size(), 1U);
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_EQ(diagnostics.all().size(), 1U);
}

TEST_F(IntelDirectory, ItsStampTellsOfChanges) {
  const std::uint64_t empty = directory_stamp(path);
  write("a.txt", "203.0.113.5\n");
  const std::uint64_t one = directory_stamp(path);
  EXPECT_NE(empty, one);
  EXPECT_EQ(directory_stamp(path), one);
  write("a.txt", "203.0.113.5\n203.0.113.6\n");
  EXPECT_NE(directory_stamp(path), one);
}

}  // namespace
}  // namespace bulkhead::intel
