#include "config/daemon/outputs.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>

#include "datapath/output/kafka_transport.h"
#include "datapath/output/redis_transport.h"
#include "datapath/output/socket_transport.h"
#include "datapath/output/syslog_framing.h"

namespace bulkhead::config {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

std::unique_ptr<output::EveOutputs> make_eve_outputs(const EngineSettings& settings, output::WorkloadNames& names) {
  auto out = std::make_unique<output::EveOutputs>(settings.eve, &names);
  if (settings.eve_enabled) {
    output::FileSettings file = settings.eve_rotation;
    file.path = settings.eve_file;
    out->add_file("eve", std::move(file));
  }
  const OutputsSettings& from = settings.outputs;
  if (from.unix_socket.enabled) {
    out->add(
        "unix",
        std::make_unique<output::SocketTransport>(from.unix_socket.endpoint, std::make_unique<output::LineFraming>()),
        from.queue, from.unix_socket.types);
  }
  if (from.syslog.enabled) {
    auto framing = std::make_unique<output::SyslogFraming>(from.syslog.facility, host_name(), from.syslog.app_name,
                                                           static_cast<std::uint32_t>(::getpid()));
    out->add("syslog", std::make_unique<output::SocketTransport>(from.syslog.endpoint, std::move(framing)), from.queue,
             from.syslog.types);
  }
  if (from.kafka.enabled) {
    out->add("kafka", std::make_unique<output::KafkaTransport>(from.kafka.kafka), from.queue, from.kafka.types);
  }
  if (from.redis.enabled) {
    out->add("redis", std::make_unique<output::RedisTransport>(from.redis.redis), from.queue, from.redis.types);
  }
  return out;
}

void add_counters(const std::string& name, const output::SinkHealth& health, event::CounterList& to) {
  to.emplace_back("output." + name + ".written", health.written);
  to.emplace_back("output." + name + ".lost", health.lost);
  for (std::size_t i = 0; i < output::kLossReasons; ++i) {
    const auto reason = static_cast<output::LossReason>(i);
    to.emplace_back("output." + name + ".lost_to." + std::string(output::name_of(reason)), health.losses[i]);
  }
}

void OutputStates::tell(const std::vector<std::pair<std::string, output::SinkHealth>>& healths) {
  for (const auto& [name, health] : healths) {
    const bool away = !health.connected && !health.last_error.empty();
    const auto [known, fresh] = away_.try_emplace(name, false);
    if (away == known->second) continue;
    known->second = away;
    if (away) {
      spdlog::warn("output {}: {}; {} records wait, it is tried again", name, health.last_error, health.waiting);
    } else {
      spdlog::info("output {}: connected again", name);
    }
  }
}

}  // namespace bulkhead::config
