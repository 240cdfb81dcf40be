// MQTT as the rest of the engine sees it: how it is found, its buffers, numbers and events.
#include <array>
#include <memory>
#include <string_view>

#include "datapath/app/mqtt/mqtt_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace mqtt {
namespace {

using Kind = BufferDef::Kind;
using Number = NumberDef::Kind;
constexpr std::array<std::uint8_t, 2> kClient{stage::kComplete, BufferDef::kNever};
constexpr std::array<std::uint8_t, 2> kServer{BufferDef::kNever, stage::kComplete};
constexpr std::array<std::uint8_t, 2> kBoth{stage::kComplete, stage::kComplete};

const MqttTransaction& mqtt_of(const Transaction& tx) {
  return static_cast<const MqttTransaction&>(tx);
}

bool give(std::string_view text, BufferView& out) {
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
  return true;
}

template <std::uint8_t kFlag, std::string_view Message::*kField>
bool get_connect(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const Message* m = mqtt_of(tx).find(MessageType::kConnect);
  return m != nullptr && !m->truncated && (kFlag == 0 || m->has_flag(kFlag)) && give(m->*kField, out);
}

template <std::string_view Message::*kField>
bool get_publish(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const Message* m = mqtt_of(tx).find(MessageType::kPublish);
  return m != nullptr && !m->truncated && give(m->*kField, out);
}

bool give_topic(const Message* m, std::uint32_t index, std::uint32_t limit, BufferView& out) {
  if (m == nullptr || index >= m->topics.size() || (limit != 0 && index >= limit)) return false;
  return give(m->topics[index].name, out);
}
bool get_subscribed(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const MqttTransaction& mqtt = mqtt_of(tx);
  return give_topic(mqtt.find(MessageType::kSubscribe), index, mqtt.settings().subscribe_topics, out);
}
bool get_unsubscribed(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const MqttTransaction& mqtt = mqtt_of(tx);
  return give_topic(mqtt.find(MessageType::kUnsubscribe), index, mqtt.settings().unsubscribe_topics, out);
}

const Message* nth(const Transaction& tx, std::uint32_t index) {
  const auto& messages = mqtt_of(tx).messages;
  return index < messages.size() ? &messages[index] : nullptr;
}
bool get_type(const Transaction& tx, Direction, std::uint32_t index, std::uint64_t& out) {
  const Message* m = nth(tx, index);
  out = m != nullptr ? static_cast<std::uint64_t>(m->header.type) : 0;
  return m != nullptr;
}
bool get_qos(const Transaction& tx, Direction, std::uint32_t index, std::uint64_t& out) {
  const Message* m = nth(tx, index);
  out = m != nullptr ? m->header.qos : 0;
  return m != nullptr;
}
bool get_flags(const Transaction& tx, Direction, std::uint32_t index, std::uint64_t& out) {
  const Message* m = nth(tx, index);
  out = m != nullptr ? (m->header.dup ? 2U : 0U) | (m->header.retain ? 1U : 0U) : 0;
  return m != nullptr;
}
bool get_version(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  out = mqtt_of(tx).version;
  return true;
}
bool get_connect_flags(const Transaction& tx, Direction, std::uint32_t index, std::uint64_t& out) {
  const Message* m = mqtt_of(tx).find(MessageType::kConnect);
  if (m == nullptr || index != 0) return false;
  out = m->connect_flags;
  return true;
}
bool get_session_present(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  const Message* m = mqtt_of(tx).find(MessageType::kConnack);
  if (m == nullptr || m->truncated) return false;
  out = m->session_present ? 1 : 0;
  return true;
}
// The reason of every message, then every code of a list.
bool get_reason(const Transaction& tx, Direction, std::uint32_t index, std::uint64_t& out) {
  for (const Message& m : mqtt_of(tx).messages) {
    if (m.reason && index-- == 0) {
      out = *m.reason;
      return true;
    }
    if (m.reason) continue;
    if (index < m.codes.size()) {
      out = m.codes[index];
      return true;
    }
    index -= static_cast<std::uint32_t>(m.codes.size());
  }
  return false;
}

constexpr NumberName kTypes[] = {{"CONNECT", 1},   {"CONNACK", 2},      {"PUBLISH", 3},   {"PUBACK", 4},
                                 {"PUBREC", 5},    {"PUBREL", 6},       {"PUBCOMP", 7},   {"SUBSCRIBE", 8},
                                 {"SUBACK", 9},    {"UNSUBSCRIBE", 10}, {"UNSUBACK", 11}, {"PINGREQ", 12},
                                 {"PINGRESP", 13}, {"DISCONNECT", 14},  {"AUTH", 15},     {"UNASSIGNED", 0}};
constexpr NumberName kFlags[] = {{"dup", 2}, {"retain", 1}};
constexpr NumberName kConnectFlags[] = {{"username", connect_flag::kUserName},
                                        {"password", connect_flag::kPassword},
                                        {"will", connect_flag::kWill},
                                        {"will_retain", connect_flag::kWillRetain},
                                        {"clean_session", connect_flag::kCleanSession}};
constexpr NumberName kYesNo[] = {{"yes", 1}, {"true", 1}, {"no", 0}, {"false", 0}};

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"mqtt.connect.clientid", "", "", "The client identifier of a CONNECT", Kind::kSingle, kClient, get_connect<0, &Message::client_id>},
    {"mqtt.connect.protocol_string", "", "", "The protocol's name in a CONNECT", Kind::kSingle, kClient, get_connect<0, &Message::protocol>},
    {"mqtt.connect.username", "", "", "The user name of a CONNECT", Kind::kSingle, kClient, get_connect<connect_flag::kUserName, &Message::user>},
    {"mqtt.connect.password", "", "", "The password of a CONNECT", Kind::kSingle, kClient, get_connect<connect_flag::kPassword, &Message::password>},
    {"mqtt.connect.willtopic", "", "", "The topic of the will in a CONNECT", Kind::kSingle, kClient, get_connect<connect_flag::kWill, &Message::will_topic>},
    {"mqtt.connect.willmessage", "", "", "The message of the will in a CONNECT", Kind::kSingle, kClient, get_connect<connect_flag::kWill, &Message::will_message>},
    {"mqtt.publish.topic", "", "", "The topic of a PUBLISH", Kind::kSingle, kBoth, get_publish<&Message::topic>},
    {"mqtt.publish.message", "", "", "The message of a PUBLISH", Kind::kSingle, kBoth, get_publish<&Message::payload>},
    {"mqtt.subscribe.topic", "", "", "The topics of a SUBSCRIBE, one after the other", Kind::kMulti, kClient, get_subscribed},
    {"mqtt.unsubscribe.topic", "", "", "The topics of an UNSUBSCRIBE, one after the other", Kind::kMulti, kClient, get_unsubscribed},
};
constexpr NumberDef kNumbers[] = {
    {"mqtt.type", "", "The type of a message of the exchange", Number::kMulti, kBoth, get_type, 15, kTypes},
    {"mqtt.qos", "", "The quality of service of a message", Number::kMulti, kClient, get_qos, 2},
    {"mqtt.flags", "", "Flags of a message: dup, retain", Number::kFlags, kClient, get_flags, 3, kFlags},
    {"mqtt.protocol_version", "", "The version of the connection: 3, 4 (3.1.1) or 5", Number::kSingle, kClient, get_version, 255},
    {"mqtt.connect.flags", "", "Flags of a CONNECT", Number::kFlags, kClient, get_connect_flags, 255, kConnectFlags},
    {"mqtt.connack.session_present", "", "The flag of a CONNACK", Number::kSingle, kServer, get_session_present, 1, kYesNo},
    {"mqtt.reason_code", "mqtt.connack.return_code", "The reason code of a message", Number::kMulti, kBoth, get_reason, 255},
};
constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/mqtt/mqtt_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<MqttParser>(settings);
}

}  // namespace
}  // namespace mqtt

const Protocol& protocol_mqtt() {
  static constexpr Protocol protocol{.id = AppProtocol::mqtt,
                                     .rule_prefix = "mqtt",
                                     .over_tcp = true,
                                     .complete = {mqtt::stage::kComplete, mqtt::stage::kComplete},
                                     .records = {"mqtt"},
                                     .probe = mqtt::probe_mqtt,
                                     .make = mqtt::make_parser,
                                     .buffers = mqtt::kBuffers,
                                     .events = mqtt::kEvents,
                                     .numbers = mqtt::kNumbers};
  return protocol;
}

}  // namespace bulkhead::app
