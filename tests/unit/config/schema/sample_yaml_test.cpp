#include "config/schema/sample_yaml.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace bulkhead::config {
namespace {

TEST(SampleYaml, ShippedFileIsTheTable) {
  std::ifstream in(BULKHEAD_SOURCE_DIR "/config/bulkhead.yaml");
  ASSERT_TRUE(in) << "config/bulkhead.yaml is missing";
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), sample_yaml()) << "regenerate it: bulkhead dump config --defaults > config/bulkhead.yaml";
}

TEST(SampleYaml, NamesEverySetting) {
  const std::string text = sample_yaml();
  for (const auto& section : setting_sections()) {
    for (const auto& setting : section.settings) {
      if (setting.any_name() || setting.key.starts_with("eve.types.")) continue;
      const std::string_view name = setting.key.substr(setting.key.rfind('.') + 1);
      EXPECT_NE(text.find(std::string(name) + ":"), std::string::npos) << setting.key;
    }
  }
}

TEST(SampleYaml, DumpSaysWhereValuesComeFrom) {
  SettingValues values;
  SettingValue value;
  value.flag = true;
  value.origin = SettingOrigin::kCommandLine;
  values.set("stream.midstream", value);
  const std::string text = dump_yaml(values, true);
  EXPECT_NE(text.find("  midstream: yes  # --set\n"), std::string::npos);
  EXPECT_EQ(text.find("threshold-file"), std::string::npos) << "what is not set is left out";
}

TEST(SampleYaml, ListFilters) {
  const std::string text = setting_list("midstream");
  EXPECT_NE(text.find("stream.midstream "), std::string::npos);
  EXPECT_NE(text.find("Take up connections"), std::string::npos);
  EXPECT_EQ(text.find("log-dir"), std::string::npos);
  EXPECT_TRUE(setting_list("no such key").empty());
}

}  // namespace
}  // namespace bulkhead::config
