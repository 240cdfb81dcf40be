#include "datapath/dpdk/dpdk_sources.h"

#include <gtest/gtest.h>

#include <fstream>

namespace bulkhead::dpdk {
namespace {

TEST(DpdkSources, AMissingModuleIsNamedWithTheReason) {
  DpdkSettings settings;
  settings.ports = {"net_null0"};
  settings.module = "/nowhere/bulkhead_dpdk.so";
  const auto opened = open_dpdk(settings);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().to_string().find("/nowhere/bulkhead_dpdk.so"), std::string::npos);
  EXPECT_NE(opened.error().to_string().find("No such file"), std::string::npos);
}

TEST(DpdkSources, BesideThisProgramThereIsNoModule) {
  DpdkSettings settings;
  settings.ports = {"net_null0"};
  const auto opened = open_dpdk(settings);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().to_string().find("libdpdk-dev"), std::string::npos) << opened.error().to_string();
}

TEST(DpdkSources, AFileThatIsNoModuleIsRefused) {
  const std::string path = testing::TempDir() + "bulkhead_no_module.so";
  std::ofstream(path) << "not a library";
  DpdkSettings settings;
  settings.ports = {"net_null0"};
  settings.module = path;
  const auto opened = open_dpdk(settings);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().operation, "dlopen");
  std::remove(path.c_str());
}

TEST(DpdkSources, WithoutAModuleThereAreNoLines) {
  EXPECT_TRUE(take_dpdk_lines().empty());
}

}  // namespace
}  // namespace bulkhead::dpdk
