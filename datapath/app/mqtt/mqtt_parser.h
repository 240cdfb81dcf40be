// MQTT 3.1, 3.1.1 and 5.0 (OASIS): messages of both sides, joined to exchanges.
//
//   CONNECT -> CONNACK              PUBLISH qos 1 -> PUBACK
//   SUBSCRIBE -> SUBACK             PUBLISH qos 2 -> PUBREC -> PUBREL -> PUBCOMP
//   UNSUBSCRIBE -> UNSUBACK         everything else: an exchange of its own
//
// Thread   the worker owning the flow.
// Limits   MqttSettings: longer messages are skipped and recorded by their header; so are messages over a kilobyte
// while
//          the live transactions hold max_kept bytes.
// Errors   MqttEvent on the transaction; a message that cannot be read ends the parsing.
// Tests    tests/unit/datapath/app/mqtt/mqtt_parser_test.cpp, tests/fuzz/fuzz_mqtt.cpp, tests/golden/mqtt/
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/mqtt/mqtt_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::mqtt {

class MqttParser final : public AppParser {
 public:
  explicit MqttParser(const AppSettings& settings);

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  struct Side {
    std::vector<Byte> partial;  // the beginning of a message whose rest has not come
    std::size_t wanted = 0;     // its size; 0: no message has begun
    bool lost = false;          // after a gap: where messages begin is not known any more
    std::uint64_t to_skip = 0;  // bytes of a message that is too long
  };

  bool message(Direction d, const FixedHeader& header, ByteSpan body);
  void skipped(Direction d, const FixedHeader& header);
  void malformed(Direction d);
  void connack(Direction d, Message&& message);
  // The answer goes to the oldest open exchange that `direction` began with this identifier.
  void answer(Direction d, Direction begun_by, MessageType asked, MqttEvent missing, bool last, Message&& message);
  MqttTransaction& start(Direction d, Message&& message);
  [[nodiscard]] bool too_much(std::size_t size) const;

  const MqttSettings& settings_;
  std::array<Side, 2> sides_;
  std::uint8_t version_ = 0;
  bool connected_ = false;
};

[[nodiscard]] Probe probe_mqtt(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::mqtt
