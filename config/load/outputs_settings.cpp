#include "config/load/outputs_settings.h"

#include <algorithm>
#include <filesystem>

#include "config/load/event_type_names.h"
#include "datapath/output/syslog_framing.h"

namespace bulkhead::config {

namespace {

class Reader {
 public:
  Reader(const SettingValues& values, std::string log_dir, Diagnostics& diagnostics)
      : values_(values), log_dir_(std::move(log_dir)), diagnostics_(diagnostics) {}

  OutputsSettings read() {
    out_.queue.records = values_.number("outputs.queue-records");
    out_.queue.bytes = values_.number("outputs.queue-size");
    if (values_.flag("outputs.unix.enabled")) read_unix();
    if (values_.flag("outputs.syslog.enabled")) read_syslog();
    if (values_.flag("outputs.kafka.enabled")) read_kafka();
    if (values_.flag("outputs.redis.enabled")) read_redis();
    return std::move(out_);
  }

 private:
  void read_unix() {
    UnixOutputSettings& to = out_.unix_socket;
    to.enabled = true;
    const bool datagrams = values_.text("outputs.unix.type") == "datagram";
    to.endpoint.kind = datagrams ? output::Endpoint::Kind::kUnixDatagram : output::Endpoint::Kind::kUnixStream;
    const SettingValue& file = values_.get("outputs.unix.filename");
    to.endpoint.path = (std::filesystem::path(log_dir_) / file.text).string();
    constexpr std::size_t kMostPath = 107;  // sockaddr_un
    if (file.text.empty() || to.endpoint.path.size() > kMostPath) {
      diagnostics_.error(file.span, "settings.bad_path",
                         "outputs.unix.filename: \"" + to.endpoint.path + "\" is no path of a unix socket",
                         "at most 107 bytes, with log-dir");
    }
    to.types = types("outputs.unix.types");
  }

  void read_syslog() {
    SyslogOutputSettings& to = out_.syslog;
    to.enabled = true;
    to.endpoint = endpoint("outputs.syslog.target", "/dev/log, udp://HOST:PORT or tcp://HOST:PORT");
    if (to.endpoint.kind == output::Endpoint::Kind::kUnixStream) {
      to.endpoint.kind = output::Endpoint::Kind::kUnixDatagram;
    }
    to.facility = output::syslog_facility(values_.text("outputs.syslog.facility"));
    to.app_name = values_.text("outputs.syslog.app-name");
    to.types = types("outputs.syslog.types");
  }

  void read_kafka() {
    KafkaOutputSettings& to = out_.kafka;
    to.enabled = true;
    to.kafka.brokers = values_.words("outputs.kafka.brokers");
    to.kafka.topic = values_.text("outputs.kafka.topic");
    to.kafka.key_by_flow = values_.text("outputs.kafka.key") == "flow";
    to.kafka.queue_records = out_.queue.records;
    to.types = types("outputs.kafka.types");
    bool whole = true;
    for (const auto& item : values_.get("outputs.kafka.properties").items) {
      const std::size_t equals = item.text.find('=');
      if (equals == std::string::npos || equals == 0) {
        diagnostics_.error(item.span, "settings.bad_word",
                           "outputs.kafka.properties: \"" + item.text + "\" is not NAME=VALUE",
                           "security.protocol=ssl");
        whole = false;
        continue;
      }
      to.kafka.properties.emplace_back(item.text.substr(0, equals), item.text.substr(equals + 1));
    }
    if (to.kafka.brokers.empty()) {
      diagnostics_.error(values_.get("outputs.kafka.enabled").span, "settings.empty",
                         "outputs.kafka.brokers: there is no broker to begin with",
                         "name one: brokers: [kafka-1:9092]");
    } else if (whole) {
      check_kafka(to.kafka);
    }
  }

  // librdkafka says itself what it takes.
  void check_kafka(const output::KafkaSettings& kafka) {
    const SettingValue& properties = values_.get("outputs.kafka.properties");
    const Status ready = output::KafkaTransport(kafka).prepare();
    if (ready) return;
    SourceSpan span = values_.get("outputs.kafka.enabled").span;
    for (const auto& item : properties.items) {
      if (item.text.starts_with(ready.error().object + "=")) span = item.span;
    }
    diagnostics_.error(span, "settings.bad_kafka", "outputs.kafka: " + ready.error().to_string());
  }

  void read_redis() {
    RedisOutputSettings& to = out_.redis;
    to.enabled = true;
    to.redis.server = endpoint("outputs.redis.server", "HOST:PORT or the path of a unix socket");
    if (to.redis.server.kind == output::Endpoint::Kind::kUdp) {
      diagnostics_.error(values_.get("outputs.redis.server").span, "settings.bad_address",
                         "outputs.redis.server: Redis does not speak UDP");
    }
    using Mode = output::RedisSettings::Mode;
    const std::string& mode = values_.text("outputs.redis.mode");
    to.redis.mode = mode == "list" ? Mode::kList : mode == "channel" ? Mode::kChannel : Mode::kStream;
    to.redis.key = values_.text("outputs.redis.key");
    to.redis.most_entries = values_.number("outputs.redis.max-entries");
    to.redis.user = values_.text("outputs.redis.user");
    to.redis.password_file = values_.text("outputs.redis.password-file");
    to.types = types("outputs.redis.types");
  }

  output::Endpoint endpoint(std::string_view key, const char* hint) {
    const SettingValue& value = values_.get(key);
    auto parsed = output::parse_endpoint(value.text);
    if (parsed) return std::move(*parsed);
    diagnostics_.error(value.span, "settings.bad_address", std::string(key) + ": " + parsed.error().to_string(), hint);
    return {};
  }

  output::EventTypes types(std::string_view key) {
    output::EventTypes out;
    const auto& known = event_type_names();
    for (const auto& item : values_.get(key).items) {
      if (std::find(known.begin(), known.end(), item.text) == known.end()) {
        const std::string near = nearest_word(item.text, known);
        diagnostics_.error(item.span, "settings.bad_word",
                           std::string(key) + ": there is no event type \"" + item.text + "\"",
                           near.empty() ? "" : "did you mean " + near + "?");
        continue;
      }
      // As records call themselves.
      out.insert(item.text == "files" ? "fileinfo" : item.text);
      if (item.text == "alert") out.insert("packet");
      if (item.text == "ftp") out.insert("ftp_data");
    }
    return out;
  }

  const SettingValues& values_;
  const std::string log_dir_;
  Diagnostics& diagnostics_;
  OutputsSettings out_;
};

}  // namespace

bool any_output(const SettingValues& values) {
  return values.flag("outputs.unix.enabled") || values.flag("outputs.syslog.enabled") ||
         values.flag("outputs.kafka.enabled") || values.flag("outputs.redis.enabled");
}

OutputsSettings outputs_settings(const SettingValues& values, const std::string& log_dir, Diagnostics& diagnostics) {
  return Reader(values, log_dir, diagnostics).read();
}

}  // namespace bulkhead::config
