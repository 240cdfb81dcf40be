// Against librdkafka's own mock cluster.
#include "datapath/output/kafka_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#if __has_include(<librdkafka/rdkafka_mock.h>)
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <map>
#include <set>

#include "datapath/output/queued_output.h"
#include "output_records.h"

namespace bulkhead::output {
namespace {

using test::record_of;
using test::soon;

class KafkaTransportTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_kafka()) GTEST_SKIP() << "built without librdkafka";
    host_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0);
    cluster_ = rd_kafka_mock_cluster_new(host_, 3);
    rd_kafka_mock_topic_create(cluster_, "bulkhead", 4, 1);
    settings_.brokers = {rd_kafka_mock_cluster_bootstraps(cluster_)};
  }
  void TearDown() override {
    if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
    if (host_ != nullptr) rd_kafka_destroy(host_);
  }

  struct Read {
    std::string value;
    std::string key;
    int partition = 0;
  };
  // Everything that is in the topic.
  std::vector<Read> read(std::size_t most) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", settings_.brokers[0].c_str(), nullptr, 0);
    rd_kafka_conf_set(conf, "group.id", "test", nullptr, 0);
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
    rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(4);
    for (int i = 0; i < 4; ++i) {
      rd_kafka_topic_partition_list_add(all, "bulkhead", i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer, all);
    rd_kafka_topic_partition_list_destroy(all);
    std::vector<Read> out;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (out.size() < most && std::chrono::steady_clock::now() < end) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        out.push_back({{static_cast<const char*>(message->payload), message->len},
                       {static_cast<const char*>(message->key), message->key_len},
                       message->partition});
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return out;
  }

  rd_kafka_t* host_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  KafkaSettings settings_;
};

TEST_F(KafkaTransportTest, DeliversAndKeepsTheOrderOfAFlow) {
  QueuedOutput output(std::make_unique<KafkaTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  for (int i = 0; i < 200; ++i) output.push(record_of("{\"n\":" + std::to_string(i) + "}", 1 + i % 5));
  ASSERT_TRUE(soon([&] { return output.health().written == 200; }, std::chrono::seconds(30)));
  const auto got = read(200);
  ASSERT_EQ(got.size(), 200U);
  std::map<std::string, int> last;
  std::map<std::string, std::set<int>> partitions;
  for (const Read& each : got) {
    const int number = std::stoi(each.value.substr(5));
    const auto [before, fresh] = last.try_emplace(each.key, number);
    EXPECT_TRUE(fresh || before->second < number);
    before->second = number;
    partitions[each.key].insert(each.partition);
  }
  EXPECT_EQ(partitions.size(), 5U);
  for (const auto& [key, of_key] : partitions) EXPECT_EQ(of_key.size(), 1U);
  EXPECT_EQ(output.health().waiting, 0U);
}

TEST_F(KafkaTransportTest, WhatBrokersRefuseForGoodIsCounted) {
  rd_kafka_mock_push_request_errors(cluster_, 0, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD);  // 0: Produce
  QueuedOutput output(std::make_unique<KafkaTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{1}"));
  EXPECT_TRUE(soon([&] { return output.health().losses[static_cast<std::size_t>(LossReason::kRefused)] == 1; },
                   std::chrono::seconds(30)));
  output.push(record_of("{2}"));
  EXPECT_TRUE(soon([&] { return output.health().written == 1; }, std::chrono::seconds(30)))
      << "lost " << output.health().lost << ", waiting " << output.health().waiting << ", "
      << output.health().last_error;
}

TEST_F(KafkaTransportTest, AnErrorThatPassesLosesNothing) {
  rd_kafka_mock_push_request_errors(cluster_, 0, 2, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
  QueuedOutput output(std::make_unique<KafkaTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{1}", 1));
  EXPECT_TRUE(soon([&] { return output.health().written == 1; }, std::chrono::seconds(30)));
  EXPECT_EQ(output.health().lost, 0U);
}

TEST_F(KafkaTransportTest, TooLargeIsAReasonOfItsOwn) {
  settings_.properties = {{"message.max.bytes", "2000"}};
  QueuedOutput output(std::make_unique<KafkaTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  output.push(record_of(std::string(5000, 'x')));
  EXPECT_TRUE(soon([&] { return output.health().losses[static_cast<std::size_t>(LossReason::kTooLarge)] == 1; }));
}

TEST_F(KafkaTransportTest, BrokersThatAreDownFillTheQueueAndNothingWaits) {
  for (int i = 1; i <= 3; ++i) rd_kafka_mock_broker_set_down(cluster_, i);
  settings_.queue_records = 20;
  auto output = std::make_unique<QueuedOutput>(std::make_unique<KafkaTransport>(settings_),
                                               QueueSettings{.records = 20, .drain = std::chrono::milliseconds(100)});
  ASSERT_TRUE(output->start());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) output->push(record_of("{}"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_TRUE(soon([&] { return !output->health().connected; }, std::chrono::seconds(20)));
  output->finish();
  const SinkHealth health = output->health();
  EXPECT_EQ(health.written, 0U);
  EXPECT_EQ(health.lost, 1000U) << "books: every record is counted once";
  EXPECT_GT(health.losses[static_cast<std::size_t>(LossReason::kQueueFull)], 0U);
  EXPECT_GT(health.losses[static_cast<std::size_t>(LossReason::kUnsent)], 0U);
}

TEST_F(KafkaTransportTest, RefusedSettingsAreNamed) {
  settings_.properties = {{"no.such.property", "1"}};
  QueuedOutput output(std::make_unique<KafkaTransport>(settings_), {});
  const Status started = output.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().to_string(), testing::HasSubstr("no.such.property"));
}

}  // namespace
}  // namespace bulkhead::output
#endif
