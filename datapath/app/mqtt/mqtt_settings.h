// Settings of MQTT; names below app-layer.protocols.mqtt in brackets.
#pragma once

#include <cstdint>

namespace bulkhead::app::mqtt {

struct MqttSettings {
  std::uint32_t max_message = 1024 * 1024;   // [max-msg-length] longer messages are recorded without content
  std::uint32_t subscribe_topics = 100;      // [subscribe-topic-match-limit] rules look at so many; 0: all
  std::uint32_t unsubscribe_topics = 100;    // [unsubscribe-topic-match-limit]
  std::uint32_t max_kept = 8 * 1024 * 1024;  // bytes of messages that the live transactions of a flow may hold
};

}  // namespace bulkhead::app::mqtt
