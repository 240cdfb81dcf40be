// EVE records of MQTT.
#include <algorithm>
#include <string>

#include "datapath/app/app_settings.h"
#include "datapath/app/mqtt/mqtt_transaction.h"

namespace bulkhead::app::mqtt {

const Message* MqttTransaction::find(MessageType type) const {
  const auto at = std::find_if(messages.begin(), messages.end(),
                               [&](const Message& message) { return message.header.type == type; });
  return at != messages.end() ? &*at : nullptr;
}

std::size_t MqttTransaction::kept_bytes() const {
  std::size_t sum = 0;
  for (const Message& message : messages) sum += message.body.size();
  return sum;
}

namespace {

constexpr const char* kNames[] = {"",        "connect",  "connack",    "publish", "puback",      "pubrec",
                                  "pubrel",  "pubcomp",  "subscribe",  "suback",  "unsubscribe", "unsuback",
                                  "pingreq", "pingresp", "disconnect", "auth"};

class Writer {
 public:
  Writer(JsonText& json, const EveOptions& options) : json_(json), options_(options) {}

  void message(const Message& m) {
    const auto type = static_cast<std::size_t>(m.header.type);
    if (m.header.type == MessageType::kUnassigned) return;
    json_.open_object(kNames[type]);
    json_.field("qos", m.header.qos);
    json_.field("retain", m.header.retain);
    json_.field("dup", m.header.dup);
    if (m.truncated) {
      json_.field("truncated", true);
      json_.field("skipped_length", std::uint64_t{m.header.length} + m.header.size);
    } else {
      content(m);
    }
    json_.close_object();
  }

 private:
  void content(const Message& m) {
    switch (m.header.type) {
      case MessageType::kConnect: connect(m); return;
      case MessageType::kConnack:
        json_.field("session_present", m.session_present);
        json_.field("return_code", *m.reason);
        properties(m.properties);
        return;
      case MessageType::kPublish:
        text("topic", m.topic);
        id(m);
        text("message", m.payload);
        properties(m.properties);
        return;
      case MessageType::kSubscribe: subscribe(m); return;
      case MessageType::kUnsubscribe: unsubscribe(m); return;
      case MessageType::kSuback: codes(m, "qos_granted"); return;
      case MessageType::kUnsuback: codes(m, "reason_codes"); return;
      case MessageType::kPingreq:
      case MessageType::kPingresp:
      case MessageType::kUnassigned: return;
      default:
        id(m);
        if (m.reason) json_.field("reason_code", *m.reason);
        properties(m.properties);
    }
  }

  void connect(const Message& m) {
    text("protocol_string", m.protocol);
    json_.field("protocol_version", m.version);
    text("client_id", m.client_id);
    json_.open_object("flags");
    json_.field("username", m.has_flag(connect_flag::kUserName));
    json_.field("password", m.has_flag(connect_flag::kPassword));
    json_.field("will_retain", m.has_flag(connect_flag::kWillRetain));
    json_.field("will", m.has_flag(connect_flag::kWill));
    json_.field("clean_session", m.has_flag(connect_flag::kCleanSession));
    json_.close_object();
    if (m.has_flag(connect_flag::kUserName)) text("username", m.user);
    if (m.has_flag(connect_flag::kPassword) && options_.mqtt_passwords) text("password", m.password);
    if (m.has_flag(connect_flag::kWill)) {
      json_.open_object("will");
      text("topic", m.will_topic);
      text("message", m.will_message);
      properties(m.will_properties);
      json_.close_object();
    }
    properties(m.properties);
  }

  void subscribe(const Message& m) {
    id(m);
    json_.open_array("topics");
    for (const Topic& topic : m.topics) {
      json_.open_object();
      text("topic", topic.name);
      json_.field("qos", topic.qos);
      json_.close_object();
    }
    json_.close_array();
    properties(m.properties);
  }

  void unsubscribe(const Message& m) {
    id(m);
    json_.open_array("topics");
    for (const Topic& topic : m.topics) json_.element(cut(topic.name));
    json_.close_array();
  }

  void codes(const Message& m, const char* key) {
    id(m);
    if (m.codes.empty() && m.header.type == MessageType::kUnsuback) return;
    json_.open_array(key);
    for (const std::uint8_t code : m.codes) json_.element(std::uint64_t{code});
    json_.close_array();
  }

  void id(const Message& m) {
    if (m.id) json_.field("message_id", *m.id);
  }

  // A name that stands several times is written where it stood first, with the last value.
  void properties(const Properties& properties) {
    if (!properties.present) return;
    json_.open_object("properties");
    const auto& list = properties.list;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto same = [&](const Property& other) { return name_of(other) == name_of(list[i]); };
      if (std::any_of(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
      property(*std::find_if(list.rbegin(), list.rend(), same));
    }
    json_.close_object();
  }

  static std::string_view name_of(const Property& property) {
    const PropertyInfo& info = *property_info(property.id);
    return info.kind == PropertyKind::kPair ? property.text : info.name;
  }

  void property(const Property& property) {
    const PropertyInfo& info = *property_info(property.id);
    switch (info.kind) {
      case PropertyKind::kText: text(info.name, property.text); break;
      case PropertyKind::kPair: text(property.text, property.value); break;
      default: json_.field(info.name, property.number);
    }
  }

  std::string cut(std::string_view text) const {
    const std::size_t limit = options_.mqtt_string_limit;
    if (limit == 0 || text.size() <= limit) return std::string(text);
    // Not in the middle of a character.
    std::size_t end = limit;
    while (end > 0 && limit - end < 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return std::string(text.substr(0, end)) + "...[truncated " + std::to_string(text.size() - end) +
           " additional bytes]";
  }
  void text(std::string_view key, std::string_view value) {
    if (options_.mqtt_string_limit == 0) {
      json_.field(key, value);
    } else {
      json_.field(key, cut(value));
    }
  }

  JsonText& json_;
  const EveOptions& options_;
};

}  // namespace

void MqttTransaction::write_records(std::vector<EveRecord>& out, const EveOptions& options) const {
  JsonText json;
  json.open_object();
  Writer writer(json, options);
  for (const Message& message : messages) writer.message(message);
  json.close_object();
  EveRecord record;
  record.type = "mqtt";
  record.with_tx_id = false;
  record.from_server = direction == Direction::kToClient;
  record.add("mqtt", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::mqtt
