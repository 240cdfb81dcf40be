// Outputs besides the EVE file, from settings to what the transports want.
//
// Thread   control thread, then immutable.
// Errors   an address that is none, a type of event that there is not, Kafka without brokers or with properties that
//          librdkafka refuses: reported where they stand. Outputs that are off are not looked at.
// Tests    tests/unit/config/load/outputs_settings_test.cpp
#pragma once

#include <cstdint>
#include <string>

#include "config/schema/setting_value.h"
#include "datapath/base/diagnostic.h"
#include "datapath/output/endpoint.h"
#include "datapath/output/eve_outputs.h"
#include "datapath/output/kafka_transport.h"
#include "datapath/output/queued_output.h"
#include "datapath/output/redis_transport.h"

namespace bulkhead::config {

struct UnixOutputSettings {
  bool enabled = false;
  output::Endpoint endpoint;
  output::EventTypes types;
};

struct SyslogOutputSettings {
  bool enabled = false;
  output::Endpoint endpoint;
  std::uint8_t facility = 0;
  std::string app_name;
  output::EventTypes types;
};

struct KafkaOutputSettings {
  bool enabled = false;
  output::KafkaSettings kafka;
  output::EventTypes types;
};

struct RedisOutputSettings {
  bool enabled = false;
  output::RedisSettings redis;
  output::EventTypes types;
};

struct OutputsSettings {
  output::QueueSettings queue;
  UnixOutputSettings unix_socket;
  SyslogOutputSettings syslog;
  KafkaOutputSettings kafka;
  RedisOutputSettings redis;
};

// Whether one of them is on.
[[nodiscard]] bool any_output(const SettingValues& values);
[[nodiscard]] OutputsSettings outputs_settings(const SettingValues& values, const std::string& log_dir,
                                               Diagnostics& diagnostics);

}  // namespace bulkhead::config
