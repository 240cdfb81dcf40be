#include "config/load/suricata_import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bulkhead::config {
namespace {

class SuricataImportTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/bulkhead-import-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  SuricataImport import(const std::string& text) {
    const std::string path = directory_ + "/suricata.yaml";
    std::ofstream(path) << "%YAML 1.1\n---\n" << text;
    return import_suricata_yaml(path, diagnostics);
  }
  static const ImportedKey* find(const std::vector<ImportedKey>& keys, const std::string& key) {
    const auto at = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.key == key; });
    return at == keys.end() ? nullptr : &*at;
  }

  Diagnostics diagnostics;
  std::string directory_;
};

TEST_F(SuricataImportTest, TakesTheSameNamesAndTellsTheRest) {
  const auto found = import(
      "stream:\n  memcap: 32mb\n  midstream: true\n  reassembly:\n    depth: 2mb\n    toserver-chunk-size: 2560\n    "
      "raw: yes\n"
      "host-os-policy:\n  windows: []\n  linux: [10.0.0.0/8, 192.168.1.100]\n"
      "default-log-dir: /var/log/suricata/\nprofiling:\n  rules:\n    enabled: yes\n");
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_EQ(found.values.number("stream.memcap"), 32U << 20);
  EXPECT_TRUE(found.values.flag("stream.midstream"));
  EXPECT_EQ(found.values.number("stream.reassembly.depth"), 2U << 20);
  EXPECT_EQ(found.values.words("host-os-policy.linux").size(), 2U);
  EXPECT_EQ(found.values.text("log-dir"), "/var/log/suricata/");
  const ImportedKey* depth = find(found.taken, "stream.reassembly.depth");
  ASSERT_NE(depth, nullptr);
  EXPECT_EQ(depth->line, 7U);
  EXPECT_EQ(depth->note, "stream.reassembly.depth = 2mb");
  EXPECT_EQ(found.values.number("stream.reassembly.toserver-chunk-size"), 2560U);
  EXPECT_NE(find(found.ignored, "stream.reassembly.raw"), nullptr);
  EXPECT_NE(find(found.ignored, "profiling"), nullptr) << "the topmost key of a part without meaning";
  EXPECT_EQ(find(found.ignored, "profiling.rules"), nullptr);
}

TEST_F(SuricataImportTest, AFiletypeBecomesAnOutput) {
  const auto socket = import("outputs:\n  - eve-log:\n      filetype: unix_dgram\n      filename: e.sock\n");
  EXPECT_TRUE(socket.values.flag("outputs.unix.enabled"));
  EXPECT_EQ(socket.values.text("outputs.unix.type"), "datagram");
  EXPECT_EQ(socket.values.text("outputs.unix.filename"), "e.sock");
  EXPECT_FALSE(socket.values.flag("eve.enabled"));
  const auto redis = import(
      "outputs:\n  - eve-log:\n      filetype: redis\n      redis:\n        server: 10.0.0.9\n        port: 6380\n"
      "        mode: rpush\n        key: events\n        async: true\n");
  EXPECT_EQ(redis.values.text("outputs.redis.server"), "10.0.0.9:6380");
  EXPECT_EQ(redis.values.text("outputs.redis.mode"), "list");
  EXPECT_EQ(redis.values.text("outputs.redis.key"), "events");
  EXPECT_NE(find(redis.ignored, "outputs.eve-log.redis.async"), nullptr);
  const auto regular = import("outputs:\n  - eve-log:\n      filetype: regular\n      filename: on.json\n");
  EXPECT_TRUE(regular.values.flag("eve.enabled"));
  EXPECT_TRUE(regular.ignored.empty());
  EXPECT_EQ(import("outputs:\n  - eve-log:\n      filetype: plugin\n").ignored.size(), 1U);
}

TEST_F(SuricataImportTest, TheFirstEveLogThatIsOnCounts) {
  const auto found = import(
      "outputs:\n"
      "  - fast:\n      enabled: yes\n      filename: fast.log\n"
      "  - eve-log:\n      enabled: no\n      filename: off.json\n"
      "  - eve-log:\n      enabled: yes\n      filename: on.json\n      community-id: true\n      types:\n"
      "        - alert:\n            payload: yes\n            payload-buffer-size: 8kb\n"
      "        - drop:\n            enabled: no\n            flows: all\n"
      "        - flow\n        - nonsense\n"
      "  - eve-log:\n      enabled: yes\n      filename: second.json\n");
  EXPECT_EQ(found.values.text("eve.filename"), "on.json");
  EXPECT_TRUE(found.values.flag("eve.community-id"));
  EXPECT_TRUE(found.values.flag("eve.types.alert.payload"));
  EXPECT_EQ(found.values.number("eve.types.alert.payload-buffer-size"), 8192U);
  EXPECT_EQ(found.values.text("eve.types.drop.flows"), "all");
  EXPECT_EQ(found.values.words("eve.types"), (std::vector<std::string>{"alert", "flow"}));
  ASSERT_NE(find(found.ignored, "outputs.fast"), nullptr);
  EXPECT_EQ(find(found.ignored, "outputs.fast")->note, "only eve-log is written");
  EXPECT_NE(find(found.ignored, "outputs.eve-log.types.nonsense"), nullptr);
}

TEST_F(SuricataImportTest, RuleFilesAndInterfacesFindTheirPlace) {
  const auto found = import(
      "default-rule-path: /etc/rules\nrule-files:\n  - et.rules\n  - /elsewhere/own.rules\n"
      "af-packet:\n  - interface: br0\n    cluster-id: 99\n  - interface: default\n");
  EXPECT_EQ(found.values.words("signatures"),
            (std::vector<std::string>{"/etc/rules/et.rules", "/elsewhere/own.rules"}));
  EXPECT_EQ(found.values.words("capture.interfaces"), (std::vector<std::string>{"br0"}));
}

TEST_F(SuricataImportTest, AValueThatDoesNotFitIsNamed) {
  const auto found = import("stream:\n  memcap: plenty\n");
  EXPECT_EQ(found.taken.size(), 0U);
  ASSERT_EQ(found.ignored.size(), 1U);
  EXPECT_EQ(found.ignored[0].key, "stream.memcap");
  EXPECT_EQ(found.ignored[0].line, 4U);
}

TEST_F(SuricataImportTest, WhatIsNoYamlIsAnError) {
  static_cast<void>(import("a: [1, 2\n"));
  EXPECT_TRUE(diagnostics.has_errors());
}

}  // namespace
}  // namespace bulkhead::config
