#include "datapath/output/kafka_transport.h"

#ifdef BULKHEAD_HAS_KAFKA
#include <librdkafka/rdkafka.h>
#endif

#include <array>
#include <atomic>
#include <cstring>

namespace bulkhead::output {

#ifdef BULKHEAD_HAS_KAFKA

namespace {
constexpr int kDrainMs = 2000;
constexpr int kWaitMs = 50;  // for room inside of librdkafka
}  // namespace

struct KafkaTransport::Client {
  Client() = default;
  ~Client() {
    if (producer != nullptr) rd_kafka_destroy(producer);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // librdkafka calls these out of rd_kafka_poll() and rd_kafka_flush(), on the output's thread.
  static void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto& self = *static_cast<Client*>(opaque);
    self.in_flight.fetch_sub(1, std::memory_order_relaxed);
    if (self.tally == nullptr) return;
    switch (message->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: self.tally->written(message->len); break;
      case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
      case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: self.tally->lost(LossReason::kUnsent); break;
      case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: self.tally->lost(LossReason::kTooLarge); break;
      default: self.tally->lost(LossReason::kRefused); break;
    }
  }
  static void failed(rd_kafka_t*, int code, const char* reason, void* opaque) {
    auto& self = *static_cast<Client*>(opaque);
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || self.error.empty()) self.error = reason;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) self.away = true;
  }

  rd_kafka_t* producer = nullptr;
  Tally* tally = nullptr;
  std::atomic<std::size_t> in_flight{0};
  bool away = false;
  std::string error;
};

bool has_kafka() {
  return true;
}

KafkaTransport::KafkaTransport(KafkaSettings settings)
    : settings_(std::move(settings)), client_(std::make_unique<Client>()) {}
KafkaTransport::~KafkaTransport() = default;

std::string KafkaTransport::describe() const {
  return "kafka " + (settings_.brokers.empty() ? std::string("without brokers") : settings_.brokers.front());
}

Status KafkaTransport::prepare() {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const auto set = [&](const std::string& name, const std::string& value) -> Status {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) return ok();
    return Error{"kafka setting", name, 0, why.data()};
  };
  std::string brokers;
  for (const std::string& broker : settings_.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
  // What waits is bounded by number, not by age: a broker may be away for as long as the queue lasts.
  std::vector<std::pair<std::string, std::string>> all = {
      {"bootstrap.servers", brokers},
      {"client.id", "bulkhead"},
      {"queue.buffering.max.messages", std::to_string(settings_.queue_records)},
      {"message.timeout.ms", "0"},
      {"linger.ms", "20"},
      {"compression.codec", "lz4"},
      {"log.connection.close", "false"}};
  all.insert(all.end(), settings_.properties.begin(), settings_.properties.end());
  for (const auto& [name, value] : all) {
    if (Status taken = set(name, value); !taken) {
      rd_kafka_conf_destroy(conf);
      return taken;
    }
  }
  rd_kafka_conf_set_opaque(conf, client_.get());
  rd_kafka_conf_set_dr_msg_cb(conf, &Client::delivered);
  rd_kafka_conf_set_error_cb(conf, &Client::failed);
  rd_kafka_conf_set_log_cb(conf, nullptr);
  client_->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  if (client_->producer == nullptr) {
    rd_kafka_conf_destroy(conf);
    return Error{"kafka", describe(), 0, why.data()};
  }
  return ok();
}

Status KafkaTransport::connect() {
  // librdkafka connects by itself; one that has found nobody says so here until somebody is there.
  if (client_->away) {
    rd_kafka_poll(client_->producer, kWaitMs);
    const struct rd_kafka_metadata* metadata = nullptr;
    const auto answer = rd_kafka_metadata(client_->producer, 0, nullptr, &metadata, 1000);
    if (metadata != nullptr) rd_kafka_metadata_destroy(metadata);
    if (answer != RD_KAFKA_RESP_ERR_NO_ERROR) return Error{"kafka", describe(), 0, client_->error};
    client_->away = false;
    client_->error.clear();
  }
  return ok();
}

namespace {

// Takes the error, which is null where there is none.
rd_kafka_resp_err_t code_of(rd_kafka_error_t* error) {
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

}  // namespace

SendResult KafkaTransport::send(std::span<const OutputRecord> batch, Tally& tally) {
  client_->tally = &tally;
  SendResult out;
  for (const OutputRecord& record : batch) {
    const std::string_view json = record.json();
    std::array<char, 8> key{};
    std::memcpy(key.data(), &record.flow_id, sizeof record.flow_id);
    const bool keyed = settings_.key_by_flow && record.flow_id != 0;
    const std::int64_t milliseconds = record.time.ns / 1'000'000;
    std::array<rd_kafka_vu_t, 5> message{};
    message[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    message[0].u.cstr = settings_.topic.c_str();
    message[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    message[1].u.i = RD_KAFKA_MSG_F_COPY;
    message[2].vtype = RD_KAFKA_VTYPE_VALUE;
    message[2].u.mem = {const_cast<char*>(json.data()), json.size()};
    message[3].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    message[3].u.i64 = milliseconds;
    message[4].vtype = RD_KAFKA_VTYPE_KEY;
    message[4].u.mem = {keyed ? key.data() : nullptr, keyed ? key.size() : 0};
    const auto code = code_of(rd_kafka_produceva(client_->producer, message.data(), message.size()));
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(client_->producer, kWaitMs);
      break;
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      client_->in_flight.fetch_add(1, std::memory_order_relaxed);
    } else {
      tally.lost(code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? LossReason::kTooLarge : LossReason::kRefused);
    }
    ++out.taken;
  }
  serve(tally);
  if (client_->away) out.broken = Error{"kafka", describe(), 0, client_->error};
  return out;
}

void KafkaTransport::serve(Tally& tally) {
  client_->tally = &tally;
  rd_kafka_poll(client_->producer, 0);
}

std::size_t KafkaTransport::in_flight() const {
  return client_->in_flight.load(std::memory_order_relaxed);
}

void KafkaTransport::finish(Tally& tally) {
  client_->tally = &tally;
  rd_kafka_flush(client_->producer, kDrainMs);
  rd_kafka_purge(client_->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_->producer, kWaitMs);
  client_->tally = nullptr;
}

#else

struct KafkaTransport::Client {};

bool has_kafka() {
  return false;
}
KafkaTransport::KafkaTransport(KafkaSettings settings) : settings_(std::move(settings)) {}
KafkaTransport::~KafkaTransport() = default;
std::string KafkaTransport::describe() const {
  return "kafka";
}
Status KafkaTransport::prepare() {
  return Error{"kafka", settings_.topic, 0, "this build has no librdkafka"};
}
Status KafkaTransport::connect() {
  return prepare();
}
SendResult KafkaTransport::send(std::span<const OutputRecord>, Tally&) {
  return {};
}
void KafkaTransport::serve(Tally&) {}
std::size_t KafkaTransport::in_flight() const {
  return 0;
}
void KafkaTransport::finish(Tally&) {}

#endif

}  // namespace bulkhead::output
