#include "datapath/app/application_protocol.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace bulkhead::app {
namespace {

TEST(ApplicationProtocol, SixtyNamesAndEachOnlyOnce) {
  EXPECT_GE(kAppProtocolCount - kFirstAppProtocol, 60U);
  std::set<std::string_view> names;
  for (std::size_t i = kFirstAppProtocol; i < kAppProtocolCount; ++i) {
    const auto p = static_cast<AppProtocol>(i);
    EXPECT_TRUE(names.insert(name_of(p)).second) << name_of(p);
    EXPECT_EQ(find_app_protocol(name_of(p)), p);
    EXPECT_FALSE(help_of(p).empty());
  }
  EXPECT_EQ(find_app_protocol("nonsense"), AppProtocol::kUnknown);
  EXPECT_EQ(find_app_protocol("failed"), AppProtocol::kUnknown);
}

TEST(ApplicationProtocol, HttpInARuleIsEveryVersion) {
  EXPECT_EQ(app_protocols_of_rule_name("http").count(), 2U);
  EXPECT_EQ(app_protocols_of_rule_name("http1").count(), 1U);
  EXPECT_TRUE(app_protocols_of_rule_name("ssl")[index_of(AppProtocol::tls)]);
  EXPECT_TRUE(app_protocols_of_rule_name("nonsense").none());
}

}  // namespace
}  // namespace bulkhead::app
