#include "config/daemon/workload_owners.h"

#include <gtest/gtest.h>

namespace bulkhead::config {
namespace {

TEST(WorkloadOwners, APacketIsKnownByItsOwnersPortAlone) {
  auto inventory = std::make_shared<rules::Inventory>();
  for (const auto& [name, address, index] : {std::tuple{"web", "10.0.0.2", 7U}, std::tuple{"db", "10.0.0.3", 8U}}) {
    rules::Workload workload;
    workload.name_space = "shop";
    workload.name = name;
    workload.addresses = {*IpAddress::parse(address)};
    workload.attachments = {{.interface = std::string("veth-") + name, .index = index}};
    EXPECT_FALSE(inventory->add_workload(workload));
  }
  const IpAddress web = *IpAddress::parse("10.0.0.2");
  WorkloadOwners owners;
  const rules::Neighbourhood ask = owners.neighbourhood();
  EXPECT_EQ(ask.owner_of(web), nullptr);
  owners.use(inventory);
  ASSERT_NE(ask.owner_of(web), nullptr);
  EXPECT_EQ(ask.owner_of(web)->name, "shop/web");
  EXPECT_EQ(ask.workloads(), 2U);
  EXPECT_FALSE(ask.by_own_port(web, 7)) << "ports are not guarded";
  owners.guarded(true);
  EXPECT_TRUE(ask.by_own_port(web, 7));
  EXPECT_FALSE(ask.by_own_port(web, 8)) << "another's port";
  EXPECT_FALSE(ask.by_own_port(web, 0));
  EXPECT_FALSE(ask.by_own_port(*IpAddress::parse("192.0.2.1"), 7)) << "nobody's address";
}

}  // namespace
}  // namespace bulkhead::config
