#include "rules/discovery/discovery.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

Workload workload(const std::string& name, const std::vector<std::string>& addresses,
                  const std::string& interface = "") {
  Workload out;
  out.name_space = "default";
  out.name = name;
  for (const std::string& address : addresses) out.addresses.push_back(*IpAddress::parse(address));
  if (!interface.empty()) out.attachments.push_back({interface, 7, "front", std::nullopt, out.addresses});
  return out;
}

TEST(Discovery, TheFileWinsAndContradictionsAreSaid) {
  Inventory base;
  ASSERT_FALSE(base.add_workload(workload("web", {"172.30.1.2"})));
  ASSERT_FALSE(base.add_external({"router", {*IpAddress::parse("172.30.1.1")}, {}, {}}));
  Discovered discovered;
  discovered.node = {"n1", {}, {*IpAddress::parse("172.30.1.1"), *IpAddress::parse("10.0.0.5")}, {}};
  discovered.workloads = {workload("db", {"172.30.1.3"}, "veth3"), workload("thief", {"172.30.1.2"}, "veth4")};
  std::vector<std::string> contradictions;
  const auto merged = with_discovered(base, discovered, contradictions);
  EXPECT_EQ(contradictions, std::vector<std::string>{"address 172.30.1.2 belongs to default/web already"});
  EXPECT_EQ(merged->workload_on("veth3")->name, "db");
  EXPECT_EQ(merged->workload_on("veth4"), nullptr);
  EXPECT_EQ(merged->name_of(*IpAddress::parse("10.0.0.5")), "node:n1");
  EXPECT_EQ(merged->name_of(*IpAddress::parse("172.30.1.1")), "ext:router");
  EXPECT_EQ(base.workloads().size(), 1U) << "untouched";
}

TEST(Discovery, ANodeOfTheFileStaysAsItIs) {
  Inventory base;
  ASSERT_FALSE(base.add_node({"n1", {{"zone", "a"}}, {*IpAddress::parse("10.0.0.5")}, {}}));
  Discovered discovered;
  discovered.node = {"n1", {}, {*IpAddress::parse("10.0.0.5"), *IpAddress::parse("10.0.0.6")}, {}};
  std::vector<std::string> contradictions;
  const auto merged = with_discovered(base, discovered, contradictions);
  EXPECT_TRUE(contradictions.empty());
  ASSERT_EQ(merged->nodes().size(), 1U);
  EXPECT_EQ(merged->nodes()[0].addresses.size(), 1U);
}

TEST(Discovery, ASharedLinkLocalAddressNamesNobodyTwice) {
  Discovered discovered;
  discovered.workloads = {workload("a", {"172.30.1.2", "fe80::1"}, "veth1"),
                          workload("b", {"172.30.2.2", "fe80::1"}, "veth2")};
  std::vector<std::string> contradictions;
  const auto merged = with_discovered(Inventory(), discovered, contradictions);
  EXPECT_TRUE(contradictions.empty());
  EXPECT_EQ(merged->workload_at(*IpAddress::parse("172.30.2.2"))->name, "b");
  EXPECT_EQ(merged->workload_at(*IpAddress::parse("fe80::1"))->name, "a");
}

TEST(Discovery, SamenessIsOfSubstance) {
  Discovered one, two;
  one.workloads = two.workloads = {workload("a", {"172.30.1.2"}, "veth1")};
  EXPECT_TRUE(one.same_as(two));
  two.workloads[0].attachments[0].index = 8;
  EXPECT_FALSE(one.same_as(two)) << "another interface of the same name";
  two = one;
  two.workloads[0].labels["app"] = "x";
  EXPECT_FALSE(one.same_as(two));
  two = one;
  two.workloads[0].posture = Posture{};
  EXPECT_FALSE(one.same_as(two)) << "the containers of a pod come after it";
  two = one;
  two.node.addresses.push_back(*IpAddress::parse("10.0.0.1"));
  EXPECT_FALSE(one.same_as(two));
}

TEST(Discovery, WithoutAnEngineThereIsTheNode) {
  auto discovery = Discovery::open({"", "n1", {}});
  ASSERT_TRUE(discovery) << discovery.error().to_string();
  EXPECT_TRUE((*discovery)->complete());
  EXPECT_EQ((*discovery)->fds().size(), 1U);
  EXPECT_EQ((*discovery)->discovered().node.name, "n1");
  EXPECT_TRUE((*discovery)->discovered().workloads.empty());
  EXPECT_FALSE((*discovery)->problem().has_value());
  EXPECT_TRUE((*discovery)->poll());
}

TEST(Discovery, AnEngineThatIsNotThereIsAProblemAndNoError) {
  auto discovery = Discovery::open({"/not/there.sock", "n1", {}});
  ASSERT_TRUE(discovery);
  EXPECT_FALSE((*discovery)->complete());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!(*discovery)->problem() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE((*discovery)->problem().has_value());
  EXPECT_TRUE((*discovery)->poll());
}

}  // namespace
}  // namespace bulkhead::rules
