// One MQTT control packet (MQTT 3.1, OASIS 3.1.1 and 5.0), read from its bytes.
//
//   +----------------+-----------------------+------------------------------+
//   | type 4 | flags | length, 1 to 4 bytes  | variable header and payload  |
//   +----------------+-----------------------+------------------------------+
//
// Thread   pure functions; the worker of the flow.
// In       a whole packet, as bytes that may be gone afterwards: what is kept is copied once (body).
// Limits   the caller's: a message is as large as the bytes given. Properties and topics are views into the copy.
// Errors   false: the bytes are no such message. Unknown properties end the list of properties, the rest is read on.
// Source   https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html section 2 and 3
// Tests    tests/unit/datapath/app/mqtt/mqtt_message_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::mqtt {

enum class MessageType : std::uint8_t {
  kUnassigned = 0,
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kPingresp = 13,
  kDisconnect = 14,
  kAuth = 15
};

namespace connect_flag {
inline constexpr std::uint8_t kCleanSession = 0x02, kWill = 0x04, kWillRetain = 0x20, kPassword = 0x40,
                              kUserName = 0x80;
}

struct FixedHeader {
  MessageType type = MessageType::kUnassigned;
  bool dup = false, retain = false;
  std::uint8_t qos = 0;
  std::uint32_t length = 0;  // of what follows
  std::uint32_t size = 0;    // of the header itself
};
enum class HeaderResult : std::uint8_t { kOk, kMore, kBad };
[[nodiscard]] HeaderResult read_fixed_header(ByteSpan data, FixedHeader& out);

// One property of version 5; which of the three holds the value depends on the identifier.
struct Property {
  std::uint8_t id = 0;
  std::uint32_t number = 0;
  std::string_view text;   // or the name of a user property
  std::string_view value;  // of a user property
};
enum class PropertyKind : std::uint8_t { kByte, kTwoBytes, kFourBytes, kVariable, kText, kPair };
struct PropertyInfo {
  std::uint8_t id;
  PropertyKind kind;
  std::string_view name;  // in records
};
[[nodiscard]] const PropertyInfo* property_info(std::uint8_t id);  // null: unknown

struct Properties {
  bool present = false;  // the list was not empty
  std::vector<Property> list;
};

struct Topic {
  std::string_view name;
  std::uint8_t qos = 0;
};

struct Message {
  FixedHeader header;
  bool truncated = false;  // too long: nothing but the header is known
  std::vector<Byte> body;  // what the views below point into
  // CONNECT
  std::string_view protocol;
  std::uint8_t version = 0, connect_flags = 0;
  std::string_view client_id, will_topic, will_message, user, password;
  Properties will_properties;
  // CONNACK
  bool session_present = false;
  // PUBLISH
  std::string_view topic, payload;
  // SUBSCRIBE, UNSUBSCRIBE; SUBACK, UNSUBACK
  std::vector<Topic> topics;
  std::vector<std::uint8_t> codes;
  // several
  std::optional<std::uint16_t> id;
  std::optional<std::uint8_t> reason;  // CONNACK: the return code
  Properties properties;

  [[nodiscard]] bool has_flag(std::uint8_t flag) const { return (connect_flags & flag) != 0; }
};

// `body`: the bytes behind the fixed header. `version`: of the connection, as its CONNECT said; 0: not known.
[[nodiscard]] bool read_message(const FixedHeader& header, ByteSpan body, std::uint8_t version, Message& out);

}  // namespace bulkhead::app::mqtt
