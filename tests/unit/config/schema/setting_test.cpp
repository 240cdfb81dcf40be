#include "config/schema/setting.h"

#include <gtest/gtest.h>

#include <set>

#include "config/schema/setting_value.h"

namespace bulkhead::config {
namespace {

TEST(Setting, KeysAreUniqueAndEveryDefaultIsValid) {
  std::set<std::string_view> keys;
  std::size_t rows = 0;
  for (const auto& section : setting_sections()) {
    for (const auto& setting : section.settings) {
      ++rows;
      EXPECT_TRUE(keys.insert(setting.key).second) << setting.key << " stands twice";
      if (setting.default_text.empty()) continue;
      Diagnostics diagnostics;
      EXPECT_TRUE(parse_setting(setting, raw_from_text(setting.default_text, {}, is_list(setting.type)), diagnostics))
          << setting.key;
      EXPECT_TRUE(diagnostics.all().empty()) << setting.key;
    }
  }
  EXPECT_GT(rows, 110U);
}

TEST(Setting, HelpIsGivenWhereTheNameDoesNotSayIt) {
  for (const auto& section : setting_sections()) {
    for (const auto& setting : section.settings) {
      const bool clear = setting.key.starts_with("vars.") || setting.key.ends_with(".enabled") ||
                         setting.key == "eve.types.alert.metadata";
      EXPECT_TRUE(clear || !setting.help.empty()) << setting.key;
      EXPECT_FALSE(setting.help.ends_with('.')) << setting.key;
    }
  }
}

TEST(Setting, FindsRowsAndWildcards) {
  ASSERT_NE(find_setting("stream.midstream"), nullptr);
  EXPECT_EQ(find_setting("stream.midstream")->type, SettingType::kBoolean);
  ASSERT_NE(find_setting("vars.address-groups.MY_NET"), nullptr);
  EXPECT_TRUE(find_setting("vars.address-groups.MY_NET")->any_name());
  EXPECT_FALSE(find_setting("vars.address-groups.HOME_NET")->any_name());
  EXPECT_EQ(find_setting("vars.address-groups"), nullptr);
  EXPECT_EQ(find_setting("vars.address-groups."), nullptr);
  EXPECT_EQ(find_setting("stream"), nullptr);
  EXPECT_EQ(find_setting(""), nullptr);
}

TEST(Setting, KnowsGroups) {
  EXPECT_TRUE(is_setting_group(""));
  EXPECT_TRUE(is_setting_group("stream"));
  EXPECT_TRUE(is_setting_group("stream.reassembly"));
  EXPECT_TRUE(is_setting_group("vars.address-groups"));
  EXPECT_FALSE(is_setting_group("stream.midstream"));
  EXPECT_FALSE(is_setting_group("str"));
}

TEST(Setting, HintsAtTheNearestKey) {
  EXPECT_EQ(setting_hint("stream.midsteam"), "did you mean stream.midstream?");
  EXPECT_EQ(setting_hint("stream.depth"), "did you mean stream.reassembly.depth?");
  EXPECT_EQ(setting_hint("zzzzzzzzzzzz.qqqqqqqqqqqqqqqqqqq"), "bulkhead list settings shows all of them");
}

TEST(Setting, SaysItsLimit) {
  EXPECT_EQ(find_setting("netlink.group")->limit_text(), "1 .. 32");
  EXPECT_EQ(find_setting("engine.mode")->limit_text(), "ids, ips");
  EXPECT_EQ(find_setting("log-dir")->limit_text(), "");
}

}  // namespace
}  // namespace bulkhead::config
