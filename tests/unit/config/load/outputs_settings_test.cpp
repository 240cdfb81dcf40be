#include "config/load/outputs_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load/config_loader.h"

namespace bulkhead::config {
namespace {

struct OutputsSettingsTest : testing::Test {
  OutputsSettings read(const std::string& yaml) {
    SettingValues values;
    read_settings_text("outputs.yaml", yaml, values, diagnostics);
    return outputs_settings(values, "/logs", diagnostics);
  }
  // "LINE:COLUMN message" of each.
  std::vector<std::string> mistakes(const std::string& yaml) {
    diagnostics = {};
    read(yaml);
    std::vector<std::string> out;
    for (const Diagnostic& each : diagnostics.all()) {
      out.push_back(std::to_string(each.span.line) + ":" + std::to_string(each.span.column) + " " + each.message);
    }
    return out;
  }
  Diagnostics diagnostics;
};

TEST_F(OutputsSettingsTest, AllAreOffAsShipped) {
  const OutputsSettings out = read("");
  EXPECT_FALSE(out.unix_socket.enabled || out.syslog.enabled || out.kafka.enabled || out.redis.enabled);
  EXPECT_EQ(out.queue.records, 16384U);
  EXPECT_TRUE(diagnostics.all().empty());
}

TEST_F(OutputsSettingsTest, ReadsEach) {
  const OutputsSettings out = read(R"(outputs:
  queue-records: 100
  unix: {enabled: yes, type: datagram, types: [alert, files]}
  syslog: {enabled: yes, target: "udp://127.0.0.1:514", facility: daemon}
  kafka: {enabled: yes, brokers: ["k1:9092", "k2:9092"], key: none, properties: [compression.codec=none]}
  redis: {enabled: yes, server: /run/redis.sock, mode: list, key: events}
)");
  for (const Diagnostic& each : diagnostics.all()) ADD_FAILURE() << each.message;
  EXPECT_EQ(out.unix_socket.endpoint.to_string(), "/logs/eve.sock");
  EXPECT_TRUE(out.unix_socket.endpoint.datagrams());
  EXPECT_THAT(out.unix_socket.types, testing::ElementsAre("alert", "fileinfo", "packet"));
  EXPECT_EQ(out.syslog.endpoint.to_string(), "udp://127.0.0.1:514");
  EXPECT_EQ(out.syslog.facility, 3);
  EXPECT_THAT(out.syslog.types, testing::Contains("block"));
  EXPECT_THAT(out.kafka.kafka.brokers, testing::ElementsAre("k1:9092", "k2:9092"));
  EXPECT_FALSE(out.kafka.kafka.key_by_flow);
  EXPECT_EQ(out.kafka.kafka.queue_records, 100U);
  EXPECT_EQ(out.redis.redis.mode, output::RedisSettings::Mode::kList);
  EXPECT_EQ(out.redis.redis.server.path, "/run/redis.sock");
}

TEST_F(OutputsSettingsTest, MistakesAreNamedWhereTheyStand) {
  EXPECT_THAT(mistakes("outputs:\n  syslog: {enabled: yes, target: nowhere}\n"),
              testing::ElementsAre(testing::StartsWith("2:34 outputs.syslog.target: ")));
  EXPECT_THAT(mistakes("outputs:\n  syslog: {target: nowhere}\n"), testing::IsEmpty()) << "it is off";
  EXPECT_THAT(mistakes("outputs:\n  unix: {enabled: yes, types: [alert, blok]}\n"),
              testing::ElementsAre("2:39 outputs.unix.types: there is no event type \"blok\""));
  EXPECT_THAT(mistakes("outputs:\n  redis: {enabled: yes, server: 'udp://h:1'}\n"),
              testing::ElementsAre(testing::HasSubstr("UDP")));
  EXPECT_THAT(mistakes("outputs:\n  kafka: {enabled: yes}\n"), testing::ElementsAre(testing::HasSubstr("no broker")));
  EXPECT_THAT(mistakes("outputs:\n  unix: {enabled: yes, filename: " + std::string(120, 'x') + "}\n"),
              testing::ElementsAre(testing::HasSubstr("no path of a unix socket")));
}

TEST_F(OutputsSettingsTest, LibrdkafkaSaysWhatItDoesNotTake) {
  if (!output::has_kafka()) GTEST_SKIP() << "built without librdkafka";
  EXPECT_THAT(mistakes("outputs:\n  kafka: {enabled: yes, brokers: [k:1], properties: [a.b=c]}\n"),
              testing::ElementsAre(testing::AllOf(testing::StartsWith("2:54 "), testing::HasSubstr("a.b"))));
  EXPECT_THAT(mistakes("outputs:\n  kafka: {enabled: yes, brokers: [k:1], properties: [acks]}\n"),
              testing::ElementsAre(testing::HasSubstr("is not NAME=VALUE")));
}

}  // namespace
}  // namespace bulkhead::config
