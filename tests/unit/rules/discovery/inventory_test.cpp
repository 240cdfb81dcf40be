#include "rules/discovery/inventory.h"

#include <gtest/gtest.h>

#include "rules/discovery/static_source.h"

namespace bulkhead::rules {
namespace {

Workload workload(const std::string& space, const std::string& name, const std::string& address,
                  const std::string& interface = "") {
  Workload w;
  w.name_space = space;
  w.name = name;
  w.addresses = {*IpAddress::parse(address)};
  w.interface = interface;
  return w;
}

TEST(Inventory, FindsByAddressNameAndInterface) {
  Inventory inventory;
  EXPECT_FALSE(inventory.add_workload(workload("shop", "web", "10.0.0.2", "veth1")));
  EXPECT_FALSE(inventory.add_workload(workload("shop", "db", "fd00::2")));
  EXPECT_FALSE(inventory.add_workload(workload("test", "db", "10.0.0.4")));
  EXPECT_EQ(inventory.workload_at(*IpAddress::parse("10.0.0.2"))->name, "web");
  EXPECT_EQ(inventory.workload_at(*IpAddress::parse("10.0.0.3")), nullptr);
  EXPECT_EQ(inventory.workload_named("shop/db")->addresses[0].to_string(), "fd00::2");
  EXPECT_EQ(inventory.workload_named("web")->name_space, "shop");
  EXPECT_EQ(inventory.workload_named("db"), nullptr) << "two have that name";
  EXPECT_EQ(inventory.workload_on("veth1")->name, "web");
  EXPECT_EQ(inventory.workload_on("veth9"), nullptr);
  EXPECT_EQ(inventory.name_of(*IpAddress::parse("10.0.0.4")), "test/db");
  EXPECT_EQ(inventory.name_of(*IpAddress::parse("192.0.2.1")), "192.0.2.1");
}

TEST(Inventory, ContradictionsAreSaidAndLeftOut) {
  Inventory inventory;
  EXPECT_FALSE(inventory.add_workload(workload("shop", "web", "10.0.0.2", "veth1")));
  EXPECT_EQ(inventory.add_workload(workload("shop", "web", "10.0.0.9")), "workload shop/web is listed twice");
  EXPECT_EQ(inventory.add_workload(workload("shop", "api", "10.0.0.2")),
            "address 10.0.0.2 belongs to shop/web already");
  EXPECT_EQ(inventory.add_workload(workload("shop", "api", "10.0.0.3", "veth1")),
            "interface veth1 belongs to shop/web already");
  EXPECT_EQ(inventory.add_node({"n1", {}, {*IpAddress::parse("10.0.0.2")}, {}}),
            "address 10.0.0.2 belongs to shop/web already");
  EXPECT_FALSE(inventory.add_node({"n1", {}, {*IpAddress::parse("10.0.0.1")}, {}}));
  EXPECT_EQ(inventory.add_node({"n1", {}, {}, {}}), "node n1 is listed twice");
  EXPECT_EQ(inventory.add_workload(workload("shop", "api", "10.0.0.1")), "address 10.0.0.1 belongs to node:n1 already");
  EXPECT_FALSE(inventory.add_external({"dns", {*IpAddress::parse("192.0.2.53")}, {}, {}}));
  EXPECT_EQ(inventory.name_of(*IpAddress::parse("192.0.2.53")), "ext:dns");
  EXPECT_EQ(inventory.workloads().size(), 1U);
}

TEST(Inventory, HostNetworkOwnsNoAddress) {
  Inventory inventory;
  EXPECT_FALSE(inventory.add_node({"n1", {}, {*IpAddress::parse("10.0.0.1")}, {}}));
  Workload agent = workload("sys", "agent", "10.0.0.1");
  agent.host_network = true;
  EXPECT_FALSE(inventory.add_workload(agent));
  EXPECT_EQ(inventory.workload_at(*IpAddress::parse("10.0.0.1")), nullptr);
}

TEST(StaticSource, GivesWhatItHas) {
  auto inventory = std::make_shared<Inventory>();
  EXPECT_FALSE(inventory->add_workload(workload("shop", "web", "10.0.0.2", "no-such-if0")));
  EXPECT_FALSE(inventory->add_workload(workload("shop", "lo", "10.0.0.3", "lo")));
  StaticSource source(inventory);
  auto read = source.read();
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, inventory);
  EXPECT_EQ(source.missing_interfaces(), std::vector<std::string>{"no-such-if0"});
  EXPECT_EQ(source.event_fd(), -1);
}

}  // namespace
}  // namespace bulkhead::rules
