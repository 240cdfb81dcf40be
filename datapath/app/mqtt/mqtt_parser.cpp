#include "datapath/app/mqtt/mqtt_parser.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "datapath/app/app_settings.h"

namespace bulkhead::app::mqtt {

namespace {

constexpr std::size_t kSmall = 1024;  // such messages are kept however much is held already
constexpr std::uint16_t kPort = 1883;
constexpr std::uint32_t kLongConnect = 1024 * 1024;

std::string_view view(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

MqttParser::MqttParser(const AppSettings& settings) : settings_(settings.mqtt) {}

// --- bytes to messages ---

ParseResult MqttParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  Side& side = sides_[bulkhead::index_of(d)];
  const std::size_t size = data.size();
  if (side.lost) return {ParseResult::Status::kOk, size, AppProtocol::kUnknown};
  const ParseResult failed{ParseResult::Status::kError, size, AppProtocol::kUnknown};
  while (!data.empty()) {
    if (side.to_skip != 0) {
      const std::size_t skip = std::min<std::uint64_t>(side.to_skip, data.size());
      side.to_skip -= skip;
      data = data.subspan(skip);
      continue;
    }
    if (side.wanted != 0) {
      const std::size_t take = std::min(side.wanted - side.partial.size(), data.size());
      side.partial.insert(side.partial.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(take));
      data = data.subspan(take);
      if (side.partial.size() < side.wanted) break;
      const std::vector<Byte> whole = std::exchange(side.partial, {});
      side.wanted = 0;
      FixedHeader header;
      if (read_fixed_header(whole, header) != HeaderResult::kOk) return failed;
      if (!message(d, header, ByteSpan(whole).subspan(header.size))) return failed;
      continue;
    }
    FixedHeader header;
    const HeaderResult result = read_fixed_header(data, header);
    if (result == HeaderResult::kMore) break;
    if (result == HeaderResult::kBad) {
      malformed(d);
      return failed;
    }
    const std::size_t whole = header.size + header.length;
    if (header.length > settings_.max_message || (header.length > kSmall && too_much(header.length))) {
      skipped(d, header);
      side.to_skip = whole;
    } else if (whole > data.size()) {
      side.wanted = whole;
    } else {
      if (!message(d, header, data.subspan(header.size, header.length))) return failed;
      data = data.subspan(whole);
    }
  }
  return {ParseResult::Status::kOk, size - data.size(), AppProtocol::kUnknown};
}

bool MqttParser::too_much(std::size_t size) const {
  std::size_t held = size;
  for (const auto& tx : transactions()) held += static_cast<const MqttTransaction&>(*tx).kept_bytes();
  return held > settings_.max_kept;
}

// --- messages to exchanges ---

MqttTransaction& MqttParser::start(Direction d, Message&& message) {
  auto& tx = add(std::make_unique<MqttTransaction>(settings_, d, version_));
  tx.messages.push_back(std::move(message));
  const FixedHeader& header = tx.messages.front().header;
  if (header.qos == 3) tx.note(MqttEvent::invalid_qos_level);
  tx.touch(d);
  return tx;
}

bool MqttParser::message(Direction d, const FixedHeader& header, ByteSpan body) {
  Message m;
  if (!read_message(header, body, version_, m)) {
    malformed(d);
    return false;
  }
  const bool was_connected = connected_;
  const auto introduced = [&](MqttTransaction& tx) -> MqttTransaction& {
    if (!was_connected) tx.note(MqttEvent::unintroduced_message);
    return tx;
  };
  const bool acknowledged = header.qos != 0;
  switch (header.type) {
    case MessageType::kConnect: {
      version_ = m.version;
      MqttTransaction& tx = start(d, std::move(m));
      if (connected_) tx.note(MqttEvent::double_connect);
      return true;
    }
    case MessageType::kConnack: connack(d, std::move(m)); return true;
    case MessageType::kPublish:
    case MessageType::kSubscribe:
    case MessageType::kUnsubscribe: {
      const auto id = m.id;
      MqttTransaction& tx = introduced(start(d, std::move(m)));
      if (!acknowledged) {
        tx.finish();
      } else if (id) {
        tx.acknowledged_by = id;
      } else {
        tx.note(MqttEvent::missing_msg_id);
        tx.finish();
      }
      return true;
    }
    case MessageType::kPuback:
    case MessageType::kPubcomp:
      answer(d, opposite(d), MessageType::kPublish, MqttEvent::missing_publish, true, std::move(m));
      return true;
    case MessageType::kPubrec:
      answer(d, opposite(d), MessageType::kPublish, MqttEvent::missing_publish, false, std::move(m));
      return true;
    case MessageType::kPubrel:
      answer(d, d, MessageType::kPublish, MqttEvent::missing_publish, false, std::move(m));
      return true;
    case MessageType::kSuback:
      answer(d, opposite(d), MessageType::kSubscribe, MqttEvent::missing_subscribe, true, std::move(m));
      return true;
    case MessageType::kUnsuback:
      answer(d, opposite(d), MessageType::kUnsubscribe, MqttEvent::missing_unsubscribe, true, std::move(m));
      return true;
    case MessageType::kUnassigned: {
      MqttTransaction& tx = start(d, std::move(m));
      tx.note(MqttEvent::unassigned_msg_type);
      tx.finish();
      return true;
    }
    default: introduced(start(d, std::move(m))).finish(); return true;
  }
}

void MqttParser::connack(Direction d, Message&& message) {
  connected_ = true;
  for (const auto& each : transactions()) {
    auto& tx = static_cast<MqttTransaction&>(*each);
    if (tx.complete() || tx.direction == d || tx.find(MessageType::kConnect) == nullptr) continue;
    tx.messages.push_back(std::move(message));
    tx.finish();
    return;
  }
  MqttTransaction& tx = start(d, std::move(message));
  tx.note(MqttEvent::missing_connect);
  tx.finish();
}

void MqttParser::answer(Direction d, Direction begun_by, MessageType asked, MqttEvent missing, bool last,
                        Message&& message) {
  constexpr std::size_t kMaxMessages = 16;  // an exchange needs four
  for (const auto& each : transactions()) {
    auto& tx = static_cast<MqttTransaction&>(*each);
    if (tx.complete() || tx.direction != begun_by || tx.acknowledged_by != message.id) continue;
    if (tx.messages.front().header.type != asked || tx.messages.size() >= kMaxMessages) continue;
    tx.messages.push_back(std::move(message));
    tx.touch(tx.direction);
    if (last) tx.finish();
    return;
  }
  MqttTransaction& tx = start(d, std::move(message));
  tx.note(missing);
  if (!connected_) tx.note(MqttEvent::unintroduced_message);
  tx.finish();
}

void MqttParser::skipped(Direction d, const FixedHeader& header) {
  Message m;
  m.header = header;
  m.truncated = true;
  start(d, std::move(m)).finish();
}

void MqttParser::malformed(Direction d) {
  auto& tx = add(std::make_unique<MqttTransaction>(settings_, d, version_));
  tx.note(MqttEvent::malformed_traffic);
  tx.finish();
}

// --- gaps and ends ---

// Where the next message begins is known when the gap lies inside of one; else this side is lost, and the other goes
// on.
bool MqttParser::gap(Direction d, std::uint64_t length) {
  Side& side = sides_[bulkhead::index_of(d)];
  if (side.to_skip >= length && side.to_skip != 0) {
    side.to_skip -= length;
    return true;
  }
  if (side.wanted != 0 && length < side.wanted - side.partial.size()) {
    FixedHeader header;
    if (read_fixed_header(side.partial, header) != HeaderResult::kOk) return false;
    skipped(d, header);
    side.to_skip = side.wanted - side.partial.size() - length;
    side.partial = {};
    side.wanted = 0;
    return true;
  }
  side = {};
  side.lost = true;
  return true;
}

void MqttParser::end(Direction d, ByteSpan) {
  sides_[bulkhead::index_of(d)] = {};
}

// --- detection ---

// CONNECT says what it is on any port. On the port of MQTT any message begins a conversation that was not seen from its
// start.
Probe probe_mqtt(Direction d, ByteSpan data, std::uint16_t server_port) {
  FixedHeader header;
  const HeaderResult result = read_fixed_header(data, header);
  if (result == HeaderResult::kBad || header.type == MessageType::kUnassigned) return Probe::kNo;
  if (header.type == MessageType::kConnect && d == Direction::kToServer && (data[0] & 0x0F) == 0) {
    if (result == HeaderResult::kMore) return Probe::kMore;
    if (header.length < 12 || header.length > kLongConnect) return Probe::kNo;
    for (const std::string_view name : {std::string_view("\0\4MQTT", 6), std::string_view("\0\6MQIsdp", 8)}) {
      const std::string_view body = view(data).substr(header.size);
      const std::size_t common = std::min(body.size(), name.size());
      if (body.substr(0, common) != name.substr(0, common)) continue;
      return common == name.size() ? Probe::kYes : Probe::kMore;
    }
  }
  if (server_port != kPort || header.qos == 3) return Probe::kNo;
  return result == HeaderResult::kOk ? Probe::kYes : Probe::kMore;
}

}  // namespace bulkhead::app::mqtt
