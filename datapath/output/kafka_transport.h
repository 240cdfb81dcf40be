// Records into a topic of Kafka, by librdkafka (BSD). A record counts as written when the brokers have acknowledged it.
//
// Thread   as Transport; librdkafka has threads of its own that this one hears of in serve().
// Limits   as many records wait inside of librdkafka as in the output's queue; then no more are taken.
// Errors   prepare(): settings that librdkafka refuses, in its words. Brokers that are away are waited for. A record
// that
//          the brokers refuse for good is lost (refused), one above `message.max.bytes` too (too_large).
// Build    without librdkafka (BULKHEAD_KAFKA=OFF) has_kafka() is false and prepare() says so.
// Tests    tests/unit/datapath/output/kafka_transport_test.cpp, against librdkafka's mock cluster
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/output/transport.h"

namespace bulkhead::output {

struct KafkaSettings {
  std::vector<std::string> brokers;  // HOST:PORT
  std::string topic = "bulkhead";
  bool key_by_flow = true;  // records of one flow keep their order: they go to one partition
  std::size_t queue_records = 16384;
  std::vector<std::pair<std::string, std::string>> properties;  // of librdkafka, as they are
};

[[nodiscard]] bool has_kafka();

class KafkaTransport final : public Transport {
 public:
  explicit KafkaTransport(KafkaSettings settings);
  ~KafkaTransport() override;
  KafkaTransport(const KafkaTransport&) = delete;
  KafkaTransport& operator=(const KafkaTransport&) = delete;

  [[nodiscard]] Status prepare() override;
  [[nodiscard]] Status connect() override;
  [[nodiscard]] SendResult send(std::span<const OutputRecord> batch, Tally& tally) override;
  void serve(Tally& tally) override;
  [[nodiscard]] std::size_t in_flight() const override;
  void finish(Tally& tally) override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Client;
  const KafkaSettings settings_;
  std::unique_ptr<Client> client_;
};

}  // namespace bulkhead::output
