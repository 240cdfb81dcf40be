#include "config/schema/setting_value.h"

#include <gtest/gtest.h>

#include <memory>

namespace bulkhead::config {
namespace {

struct Parsed {
  std::optional<SettingValue> value;
  Diagnostics diagnostics;
};

Parsed parse(std::string_view key, const std::string& text) {
  Parsed out;
  const Setting* setting = find_setting(key);
  const auto file = std::make_shared<SourceFile>("t", text);
  const SourceSpan span{file, 1, 1, static_cast<std::uint32_t>(text.size())};
  out.value = parse_setting(*setting, raw_from_text(text, span, is_list(setting->type)), out.diagnostics);
  return out;
}

std::string code(std::string_view key, const std::string& text) {
  const Parsed p = parse(key, text);
  EXPECT_FALSE(p.value.has_value()) << key << "=" << text;
  return p.diagnostics.all().empty() ? "" : p.diagnostics.all().front().code;
}

TEST(SettingValue, Booleans) {
  for (const char* word : {"yes", "true", "on", "1", "YES", "True"})
    EXPECT_TRUE(parse("stream.midstream", word).value->flag);
  for (const char* word : {"no", "false", "off", "0", "No"}) EXPECT_FALSE(parse("stream.midstream", word).value->flag);
  EXPECT_EQ(code("stream.midstream", "maybe"), "settings.bad_boolean");
  EXPECT_EQ(code("stream.midstream", ""), "settings.empty");
}

TEST(SettingValue, SizesWithUnits) {
  EXPECT_EQ(parse("stream.reassembly.depth", "4096").value->number, 4096U);
  EXPECT_EQ(parse("stream.reassembly.depth", "1mb").value->number, 1048576U);
  EXPECT_EQ(parse("stream.reassembly.depth", "64kb").value->number, 65536U);
  EXPECT_EQ(parse("stream.reassembly.depth", "64 KiB").value->number, 65536U);
  EXPECT_EQ(parse("stream.reassembly.depth", "1.5mb").value->number, 1572864U);
  EXPECT_EQ(parse("stream.memcap", "2gb").value->number, 2ULL << 30);
  EXPECT_EQ(code("stream.memcap", "1mbyte"), "settings.bad_size");
  EXPECT_EQ(code("stream.memcap", "mb"), "settings.bad_size");
  EXPECT_EQ(code("stream.memcap", "1.5"), "settings.bad_size");
  EXPECT_EQ(code("stream.memcap", "-1"), "settings.bad_size");
  EXPECT_EQ(code("stream.memcap", "99999999999999999999"), "settings.out_of_range");
  EXPECT_EQ(code("stream.memcap", "18014398509481984kb"), "settings.out_of_range");
  EXPECT_EQ(code("stream.memcap", "1kb"), "settings.out_of_range");
}

TEST(SettingValue, Times) {
  EXPECT_EQ(parse("flow-timeouts.tcp.new", "60").value->number, 60U);
  EXPECT_EQ(parse("flow-timeouts.tcp.new", "5m").value->number, 300U);
  EXPECT_EQ(parse("flow-timeouts.tcp.new", "1.5h").value->number, 5400U);
  EXPECT_EQ(code("flow-timeouts.tcp.new", "5min"), "settings.bad_time");
  EXPECT_EQ(code("flow-timeouts.tcp.new", "2d"), "settings.out_of_range");
}

TEST(SettingValue, Percentages) {
  const Setting setting{"share", SettingType::kPercent, "", "1..100", ""};
  const auto read = [&setting](const char* text, Diagnostics& diagnostics) {
    return parse_setting(setting, raw_from_text(text, {}, false), diagnostics);
  };
  Diagnostics diagnostics;
  EXPECT_EQ(read("80%", diagnostics)->number, 80U);
  EXPECT_EQ(read("80", diagnostics)->number, 80U);
  EXPECT_FALSE(read("101%", diagnostics));
  EXPECT_FALSE(read("a lot", diagnostics));
  ASSERT_EQ(diagnostics.all().size(), 2U);
  EXPECT_EQ(diagnostics.all()[0].code, "settings.out_of_range");
  EXPECT_EQ(diagnostics.all()[1].code, "settings.bad_percentage");
}

TEST(SettingValue, IntegersHaveRanges) {
  EXPECT_EQ(parse("netlink.group", "32").value->number, 32U);
  const Parsed p = parse("netlink.group", "33");
  ASSERT_EQ(p.diagnostics.all().size(), 1U);
  EXPECT_EQ(p.diagnostics.all()[0].code, "settings.out_of_range");
  EXPECT_EQ(p.diagnostics.all()[0].message, "netlink.group: 33 is out of range");
  EXPECT_EQ(p.diagnostics.all()[0].hint, "allowed is 1 .. 32");
  EXPECT_EQ(code("netlink.group", "two"), "settings.bad_number");
  EXPECT_EQ(code("netlink.group", "2kb"), "settings.bad_number");
}

TEST(SettingValue, ChoicesTakeYamlsTrueForYes) {
  EXPECT_EQ(parse("stream.inline", "true").value->text, "yes");
  EXPECT_EQ(parse("stream.inline", "auto").value->text, "auto");
  EXPECT_EQ(parse("engine.mode", "IPS").value->text, "ips");
  const Parsed p = parse("engine.mode", "ipss");
  EXPECT_EQ(p.diagnostics.all().at(0).hint, "did you mean ips? known are ids, ips");
}

TEST(SettingValue, ListsReportEachBadItemAtItsPlace) {
  const Parsed p = parse("host-os-policy.linux", "[10.0.0.0/8, 10.0.0.300, fd00::/8,nonsense]");
  EXPECT_FALSE(p.value.has_value());
  ASSERT_EQ(p.diagnostics.all().size(), 2U);
  EXPECT_EQ(p.diagnostics.all()[0].span.column, 14U);
  EXPECT_EQ(p.diagnostics.all()[0].span.length, 10U);
  EXPECT_EQ(p.diagnostics.all()[1].span.column, 35U);
}

TEST(SettingValue, ListsInAllSpellings) {
  EXPECT_EQ(parse("eve.types", "alert,flow").value->items.size(), 2U);
  EXPECT_EQ(parse("eve.types", "[alert, flow]").value->items[1].text, "flow");
  EXPECT_TRUE(parse("host-os-policy.linux", "[]").value->items.empty());
  EXPECT_EQ(code("eve.types", "[alert,,flow]"), "settings.empty");
  EXPECT_EQ(code("eve.types", "[alert,]"), "settings.empty");
  EXPECT_EQ(code("decoder.vxlan.ports", "[4789,66000]"), "settings.bad_port");
  EXPECT_EQ(parse("decoder.vxlan.ports", "any").value->items.size(), 1U);
  EXPECT_EQ(parse("decoder.vxlan.ports", "$VXLAN_PORTS").value->items.size(), 1U);
}

TEST(SettingValue, GroupsKeepTheRuleLanguage) {
  EXPECT_EQ(parse("vars.address-groups.HOME_NET", "[10.0.0.0/8,![10.1.0.0/16,10.2.0.0/16]]").value->text,
            "[10.0.0.0/8,![10.1.0.0/16,10.2.0.0/16]]");
  EXPECT_EQ(code("vars.address-groups.HOME_NET", "[10.0.0.0/8"), "settings.bad_group");
  EXPECT_EQ(code("vars.address-groups.HOME_NET", ""), "settings.empty");
  RawValue list;
  list.list = true;
  list.items = {{"10.0.0.0/8", {}}, {"!10.1.0.0/16", {}}};
  Diagnostics diagnostics;
  EXPECT_EQ(parse_setting(*find_setting("vars.address-groups.HOME_NET"), list, diagnostics)->text,
            "[10.0.0.0/8,!10.1.0.0/16]");
}

TEST(SettingValue, AListWhereOneValueBelongsIsReported) {
  RawValue list;
  list.list = true;
  list.items = {{"a", {}}, {"b", {}}};
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_setting(*find_setting("log-dir"), list, diagnostics));
  EXPECT_EQ(diagnostics.all().at(0).code, "settings.wrong_shape");
}

TEST(SettingValues, CommandLineWinsOverFileInEitherOrder) {
  SettingValues values;
  EXPECT_FALSE(values.flag("stream.midstream"));
  SettingValue from_set = *parse("stream.midstream", "yes").value;
  from_set.origin = SettingOrigin::kCommandLine;
  SettingValue from_file = *parse("stream.midstream", "no").value;
  from_file.origin = SettingOrigin::kFile;
  values.set("stream.midstream", from_set);
  values.set("stream.midstream", from_file);
  EXPECT_TRUE(values.flag("stream.midstream"));
}

TEST(SettingValues, GroupsJoinDefaultsAndNewNames) {
  SettingValues values;
  const auto before = values.group("vars.port-groups");
  EXPECT_EQ(before.at("HTTP_PORTS")->text, "80");
  values.set("vars.port-groups.MINE", *parse("vars.port-groups.MINE", "[1,2]").value);
  values.set("vars.port-groups.HTTP_PORTS", *parse("vars.port-groups.HTTP_PORTS", "8080").value);
  const auto after = values.group("vars.port-groups");
  EXPECT_EQ(after.size(), before.size() + 1);
  EXPECT_EQ(after.at("MINE")->text, "[1,2]");
  EXPECT_EQ(after.at("HTTP_PORTS")->text, "8080");
}

TEST(SettingValues, TextsReadBackToTheSameValue) {
  const SettingValues values;
  for (const auto& section : setting_sections()) {
    for (const auto& setting : section.settings) {
      if (setting.default_text.empty()) continue;
      const SettingValue& value = values.get(setting.key);
      const std::string text = value_text(setting, value);
      const Parsed again = parse(setting.key, text);
      ASSERT_TRUE(again.value.has_value()) << setting.key << " " << text;
      EXPECT_EQ(value_text(setting, *again.value), text) << setting.key;
      EXPECT_EQ(again.value->number, value.number) << setting.key;
      EXPECT_EQ(again.value->items.size(), value.items.size()) << setting.key;
    }
  }
}

}  // namespace
}  // namespace bulkhead::config
