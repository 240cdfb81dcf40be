// One exchange of MQTT: CONNECT with its CONNACK, PUBLISH with its acknowledgements, SUBSCRIBE with SUBACK, or a single
// message.
//
// Progress   1: nothing more will come. A transaction belongs to the direction of its first message; rules look at it
//            there alone.
// Limits     MqttSettings; at most four messages.
// Tests      tests/unit/datapath/app/mqtt/mqtt_parser_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "datapath/app/mqtt/mqtt_message.h"
#include "datapath/app/mqtt/mqtt_settings.h"
#include "datapath/app/transaction.h"

namespace bulkhead::app::mqtt {

enum class MqttEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/mqtt/mqtt_events.def"
#undef X
  kCount
};

namespace stage {
inline constexpr std::uint8_t kComplete = 1;
}

class MqttTransaction final : public Transaction {
 public:
  MqttTransaction(const MqttSettings& settings, Direction d, std::uint8_t spoken)
      : direction(d), version(spoken), settings_(&settings) {
    const std::size_t other = bulkhead::index_of(opposite(d));
    progress[other] = stage::kComplete;
    inspected[other] = true;
  }

  const Direction direction;
  std::uint8_t version;                          // of the connection, when the transaction began; 0: not known
  std::vector<Message> messages;                 // in order of arrival
  std::optional<std::uint16_t> acknowledged_by;  // the identifier that answers carry

  [[nodiscard]] const MqttSettings& settings() const { return *settings_; }
  [[nodiscard]] bool complete() const { return progress[bulkhead::index_of(direction)] >= stage::kComplete; }
  [[nodiscard]] const Message* find(MessageType type) const;
  [[nodiscard]] std::size_t kept_bytes() const;
  void note(MqttEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void finish() { advance(direction, stage::kComplete); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;

 private:
  const MqttSettings* settings_;
};

}  // namespace bulkhead::app::mqtt
