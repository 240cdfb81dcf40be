#include "datapath/app/mqtt/mqtt_message.h"

#include <algorithm>
#include <iterator>

namespace bulkhead::app::mqtt {

namespace {

constexpr std::size_t kMaxProperties = 256;  // of a message; what follows is not kept

// MQTT 5.0 table 2-4, sorted by identifier.
constexpr PropertyInfo kProperties[] = {{0x01, PropertyKind::kByte, "payload_format_indicator"},
                                        {0x02, PropertyKind::kFourBytes, "message_expiry_interval"},
                                        {0x03, PropertyKind::kText, "content_type"},
                                        {0x08, PropertyKind::kText, "response_topic"},
                                        {0x09, PropertyKind::kText, "correlation_data"},
                                        {0x0B, PropertyKind::kVariable, "subscription_identifier"},
                                        {0x11, PropertyKind::kFourBytes, "session_expiry_interval"},
                                        {0x12, PropertyKind::kText, "assigned_client_identifier"},
                                        {0x13, PropertyKind::kTwoBytes, "server_keep_alive"},
                                        {0x15, PropertyKind::kText, "authentication_method"},
                                        {0x16, PropertyKind::kText, "authentication_data"},
                                        {0x17, PropertyKind::kByte, "request_problem_information"},
                                        {0x18, PropertyKind::kFourBytes, "will_delay_interval"},
                                        {0x19, PropertyKind::kByte, "request_response_information"},
                                        {0x1A, PropertyKind::kText, "response_information"},
                                        {0x1C, PropertyKind::kText, "server_reference"},
                                        {0x1F, PropertyKind::kText, "reason_string"},
                                        {0x21, PropertyKind::kTwoBytes, "receive_maximum"},
                                        {0x22, PropertyKind::kTwoBytes, "topic_alias_maximum"},
                                        {0x23, PropertyKind::kTwoBytes, "topic_alias"},
                                        {0x24, PropertyKind::kByte, "maximum_qos"},
                                        {0x25, PropertyKind::kByte, "retain_available"},
                                        {0x26, PropertyKind::kPair, "user_property"},
                                        {0x27, PropertyKind::kFourBytes, "maximum_packet_size"},
                                        {0x28, PropertyKind::kByte, "wildcard_subscription_available"},
                                        {0x29, PropertyKind::kByte, "subscription_identifier_available"},
                                        {0x2A, PropertyKind::kByte, "shared_subscription_available"}};

std::string_view view(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The body's fields in order. A read beyond the end is remembered by the reader.
class BodyReader {
 public:
  BodyReader(ByteSpan body, bool v5) : in_(body), v5_(v5) {}

  [[nodiscard]] bool failed() const { return in_.failed() || failed_; }
  [[nodiscard]] bool at_end() const { return in_.at_end(); }
  [[nodiscard]] bool v5() const { return v5_; }
  std::uint8_t u8() { return in_.u8(); }
  std::uint16_t u16() { return in_.be16(); }
  std::string_view text() { return view(in_.bytes(in_.be16())); }
  std::string_view rest() { return view(in_.bytes(in_.remaining())); }

  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint8_t byte = in_.u8();
      value |= std::uint32_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    failed_ = true;
    return 0;
  }

  void properties(Properties& out) {
    if (!v5_) return;
    const std::uint32_t length = variable();
    BodyReader list(in_.bytes(length), true);
    out.present = !failed() && length != 0;
    while (!failed() && !list.at_end() && out.list.size() < kMaxProperties) {
      Property property;
      if (!list.property(property)) return;
      out.list.push_back(property);
    }
  }

 private:
  bool property(Property& out) {
    out.id = in_.u8();
    const PropertyInfo* info = property_info(out.id);
    if (info == nullptr) return false;
    switch (info->kind) {
      case PropertyKind::kByte: out.number = in_.u8(); break;
      case PropertyKind::kTwoBytes: out.number = in_.be16(); break;
      case PropertyKind::kFourBytes: out.number = in_.be32(); break;
      case PropertyKind::kVariable: out.number = variable(); break;
      case PropertyKind::kText: out.text = text(); break;
      case PropertyKind::kPair:
        out.text = text();
        out.value = text();
        break;
    }
    return !failed();
  }

  ByteReader in_;
  bool v5_;
  bool failed_ = false;
};

bool read_connect(ByteSpan body, Message& out) {
  BodyReader names(body, false);
  out.protocol = names.text();
  out.version = names.u8();
  const std::size_t head = 2 + out.protocol.size() + 1;
  if (names.failed()) return false;
  BodyReader in(body.subspan(head), out.version == 5);
  out.connect_flags = in.u8();
  in.u16();  // keep alive
  in.properties(out.properties);
  out.client_id = in.text();
  if (out.has_flag(connect_flag::kWill)) {
    in.properties(out.will_properties);
    out.will_topic = in.text();
    out.will_message = in.text();
  }
  if (out.has_flag(connect_flag::kUserName)) out.user = in.text();
  if (out.has_flag(connect_flag::kPassword)) out.password = in.text();
  return !in.failed();
}

// A reason and properties that version 5 may leave out at the end: nothing means success.
void read_reason(BodyReader& in, Message& out) {
  if (!in.v5()) return;
  out.reason = in.at_end() ? std::uint8_t{0} : in.u8();
  if (!in.at_end()) in.properties(out.properties);
}

bool read_publish(BodyReader& in, Message& out) {
  out.topic = in.text();
  if (out.header.qos != 0) out.id = in.u16();
  in.properties(out.properties);
  if (in.failed()) return false;
  out.payload = in.rest();
  return true;
}

bool read_topics(BodyReader& in, Message& out) {
  out.id = in.u16();
  in.properties(out.properties);
  while (!in.failed() && !in.at_end()) {
    Topic topic{in.text(), 0};
    if (out.header.type == MessageType::kSubscribe) topic.qos = in.u8();
    // What is left over behind whole topics is ignored.
    if (in.failed()) return !out.topics.empty();
    out.topics.push_back(topic);
  }
  return !in.failed();
}

bool read_codes(BodyReader& in, Message& out) {
  out.id = in.u16();
  in.properties(out.properties);
  if (in.failed()) return false;
  if (out.header.type == MessageType::kUnsuback && !in.v5()) return true;
  const std::string_view rest = in.rest();
  out.codes.assign(rest.begin(), rest.end());
  return true;
}

}  // namespace

const PropertyInfo* property_info(std::uint8_t id) {
  const auto* at = std::lower_bound(std::begin(kProperties), std::end(kProperties), id,
                                    [](const PropertyInfo& info, std::uint8_t wanted) { return info.id < wanted; });
  return at != std::end(kProperties) && at->id == id ? at : nullptr;
}

HeaderResult read_fixed_header(ByteSpan data, FixedHeader& out) {
  if (data.empty()) return HeaderResult::kMore;
  out.type = static_cast<MessageType>(data[0] >> 4);
  out.dup = (data[0] & 8) != 0;
  out.qos = (data[0] >> 1) & 3;
  out.retain = (data[0] & 1) != 0;
  out.length = 0;
  for (std::uint32_t i = 1; i <= 4; ++i) {
    if (i >= data.size()) return HeaderResult::kMore;
    out.length |= std::uint32_t{data[i] & 0x7FU} << (7 * (i - 1));
    if ((data[i] & 0x80) != 0) continue;
    out.size = i + 1;
    return HeaderResult::kOk;
  }
  return HeaderResult::kBad;
}

bool read_message(const FixedHeader& header, ByteSpan body, std::uint8_t version, Message& out) {
  out.header = header;
  out.body.assign(body.begin(), body.end());
  if (header.type == MessageType::kConnect) return read_connect(out.body, out);
  BodyReader in(out.body, version == 5);
  switch (header.type) {
    case MessageType::kConnack:
      out.session_present = (in.u8() & 1) != 0;
      out.reason = in.u8();
      if (!in.at_end()) in.properties(out.properties);
      return !in.failed();
    case MessageType::kPublish: return read_publish(in, out);
    case MessageType::kPuback:
    case MessageType::kPubrec:
    case MessageType::kPubrel:
    case MessageType::kPubcomp:
      out.id = in.u16();
      read_reason(in, out);
      return !in.failed();
    case MessageType::kSubscribe:
    case MessageType::kUnsubscribe: return read_topics(in, out);
    case MessageType::kSuback:
    case MessageType::kUnsuback: return read_codes(in, out);
    case MessageType::kDisconnect:
    case MessageType::kAuth:
      // As the reference: a reason alone, without the length of properties, is not read.
      if (version == 5 && body.size() < 2) {
        out.reason = 0;
        return true;
      }
      read_reason(in, out);
      return !in.failed();
    default: return true;
  }
}

}  // namespace bulkhead::app::mqtt
