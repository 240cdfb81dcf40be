#include "datapath/output/netlink_protocol.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace bulkhead::output {

namespace {

constexpr std::size_t kVersionBytes = 4;
constexpr std::size_t kAttributeHeader = sizeof(nlattr);
static_assert(sizeof(nlmsghdr) == 16 && kAttributeHeader == 4);

std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

// A value read only when the attribute has exactly its size.
template <typename Integer>
bool read(ByteSpan value, Integer& out) {
  if (value.size() != sizeof out) return false;
  std::memcpy(&out, value.data(), sizeof out);
  return true;
}

bool read_port(ByteSpan value, std::uint16_t& out) {
  if (value.size() != 2) return false;
  out = load_be16(value.data());
  return true;
}

bool read_address(ByteSpan value, IpAddress& out) {
  if (value.size() == 4) out = IpAddress::v4(value.data());
  if (value.size() == 16) out = IpAddress::v6(value.data());
  return value.size() == 4 || value.size() == 16;
}

// Up to the first zero byte; one must be there.
bool read_text(ByteSpan value, std::string& out) {
  const auto end = std::find(value.begin(), value.end(), Byte{0});
  if (end == value.end()) return false;
  out.assign(value.begin(), end);
  return true;
}

bool read_vlan(ByteSpan value, std::vector<std::uint16_t>& out) {
  if (value.size() % 2 != 0) return false;
  out.resize(value.size() / 2);
  if (!value.empty()) std::memcpy(out.data(), value.data(), value.size());
  return true;
}

template <typename Wide, typename Target>
bool read_as(ByteSpan value, Target& out) {
  Wide raw = 0;
  if (!read(value, raw)) return false;
  out = Target(raw);
  return true;
}

// False: a known attribute of the wrong size. Unknown ones are fine.
bool take(std::uint16_t type, ByteSpan value, NetlinkEvent& e) {
  switch (static_cast<Attribute>(type)) {
    case Attribute::kTime: return read(value, e.time.ns);
    case Attribute::kFlowId: return read(value, e.flow_id);
    case Attribute::kSourceAddress: return read_address(value, e.tuple.source);
    case Attribute::kDestinationAddress: return read_address(value, e.tuple.destination);
    case Attribute::kSourcePort: return read_port(value, e.tuple.source_port);
    case Attribute::kDestinationPort: return read_port(value, e.tuple.destination_port);
    case Attribute::kProtocol: return read(value, e.tuple.protocol);
    case Attribute::kInterface: return read(value, e.interface_index);
    case Attribute::kVlan: return read_vlan(value, e.vlan);
    case Attribute::kAppProtocol: return read_text(value, e.app_protocol);
    case Attribute::kSid: return read(value, e.sid);
    case Attribute::kGid: return read(value, e.gid);
    case Attribute::kRev: return read(value, e.rev);
    case Attribute::kSeverity: return read(value, e.severity);
    case Attribute::kMessage: return read_text(value, e.message);
    case Attribute::kCategory: return read_text(value, e.category);
    case Attribute::kBlocked: return read_as<std::uint8_t>(value, e.blocked);
    case Attribute::kDirection: {
      std::uint8_t raw = 0;
      if (!read(value, raw)) return false;
      e.direction = raw == 0 ? Direction::kToServer : Direction::kToClient;
      return true;
    }
    case Attribute::kBlockAction: return read_text(value, e.block_action);
    case Attribute::kBlockKind: return read_text(value, e.block_kind);
    case Attribute::kReason: return read_text(value, e.reason);
    case Attribute::kTtl: return read(value, e.ttl_seconds);
    case Attribute::kLatency: return read_as<std::int64_t>(value, e.latency);
    case Attribute::kError: return read_text(value, e.error);
  }
  return true;
}

DecodeError decode_attributes(ByteSpan bytes, NetlinkEvent& event) {
  while (bytes.size() >= kAttributeHeader) {
    nlattr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < kAttributeHeader || header.nla_len > bytes.size()) return DecodeError::kTruncated;
    const auto type = static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK);
    if (!take(type, bytes.subspan(kAttributeHeader, header.nla_len - kAttributeHeader), event)) {
      return DecodeError::kAttributeSize;
    }
    bytes = bytes.subspan(std::min(padded(header.nla_len), bytes.size()));
  }
  return bytes.empty() ? DecodeError::kNone : DecodeError::kTruncated;
}

}  // namespace

ByteSpan NetlinkEncoder::encode(const event::Event& event, std::uint32_t sequence) {
  if (const auto* alert = std::get_if<event::AlertEvent>(&event)) {
    if (!alert->signature) return {};
    const event::SignatureInfo& signature = *alert->signature;
    begin(MessageType::kAlert, sequence, alert->header);
    number(Attribute::kSid, signature.sid);
    number(Attribute::kGid, signature.gid);
    number(Attribute::kRev, signature.rev);
    number(Attribute::kSeverity, signature.severity);
    text(Attribute::kMessage, signature.message);
    text(Attribute::kCategory, signature.category);
    number(Attribute::kBlocked, std::uint8_t{alert->blocked});
    if (alert->has_flow) number(Attribute::kDirection, static_cast<std::uint8_t>(alert->direction));
    end();
    return buffer_;
  }
  if (const auto* block = std::get_if<event::BlockEvent>(&event)) {
    begin(MessageType::kBlock, sequence, block->header);
    if (block->sid != 0) number(Attribute::kSid, block->sid);
    text(Attribute::kBlockAction, block->action);
    text(Attribute::kBlockKind, block->kind);
    text(Attribute::kReason, block->reason);
    number(Attribute::kTtl, static_cast<std::uint64_t>(std::max<std::int64_t>(0, block->ttl.count())));
    number(Attribute::kLatency, static_cast<std::int64_t>(block->latency.count()));
    text(Attribute::kError, block->error);
    end();
    return buffer_;
  }
  return {};
}

void NetlinkEncoder::begin(MessageType type, std::uint32_t sequence, const event::EventHeader& header) {
  buffer_.assign(sizeof(nlmsghdr) + kVersionBytes, 0);
  nlmsghdr message{};
  message.nlmsg_type = static_cast<std::uint16_t>(type);
  message.nlmsg_seq = sequence;
  std::memcpy(buffer_.data(), &message, sizeof message);
  buffer_[sizeof message] = kProtocolVersion;

  number(Attribute::kTime, header.time.ns);
  if (header.flow_id != 0) number(Attribute::kFlowId, header.flow_id);
  if (header.has_tuple) {
    put(Attribute::kSourceAddress, header.tuple.source.bytes().data(), header.tuple.source.size());
    put(Attribute::kDestinationAddress, header.tuple.destination.bytes().data(), header.tuple.destination.size());
    number(Attribute::kProtocol, header.tuple.protocol);
    if (header.has_ports) {
      port(Attribute::kSourcePort, header.tuple.source_port);
      port(Attribute::kDestinationPort, header.tuple.destination_port);
    }
  }
  if (header.interface_index != 0) number(Attribute::kInterface, header.interface_index);
  const std::size_t vlans = std::min<std::size_t>(header.vlan_count, header.vlan_id.size());
  if (vlans != 0) put(Attribute::kVlan, header.vlan_id.data(), vlans * sizeof header.vlan_id[0]);
  text(Attribute::kAppProtocol, header.app_protocol);
}

void NetlinkEncoder::end() {
  const auto length = static_cast<std::uint32_t>(buffer_.size());
  std::memcpy(buffer_.data(), &length, sizeof length);
}

void NetlinkEncoder::put(Attribute type, const void* value, std::size_t size, std::uint16_t flags) {
  nlattr header{};
  header.nla_len = static_cast<std::uint16_t>(kAttributeHeader + size);
  header.nla_type = static_cast<std::uint16_t>(static_cast<std::uint16_t>(type) | flags);
  const std::size_t at = buffer_.size();
  buffer_.resize(at + padded(kAttributeHeader + size), 0);
  std::memcpy(buffer_.data() + at, &header, sizeof header);
  if (value != nullptr && size != 0) std::memcpy(buffer_.data() + at + kAttributeHeader, value, size);
}

void NetlinkEncoder::port(Attribute type, std::uint16_t value) {
  Byte bytes[2];
  store_be16(bytes, value);
  put(type, bytes, sizeof bytes, NLA_F_NET_BYTEORDER);
}

void NetlinkEncoder::text(Attribute type, std::string_view value) {
  value = value.substr(0, std::min(kMaxText, value.find('\0')));
  if (value.empty()) return;
  const std::size_t at = buffer_.size() + kAttributeHeader;
  put(type, nullptr, value.size() + 1);
  std::memcpy(buffer_.data() + at, value.data(), value.size());
}

std::string_view text_of(DecodeError error) {
  switch (error) {
    case DecodeError::kNone: return "no error";
    case DecodeError::kTruncated: return "a length points past the end";
    case DecodeError::kVersion: return "unknown protocol version";
    case DecodeError::kUnknownType: return "unknown message type";
    case DecodeError::kAttributeSize: return "attribute of the wrong size";
  }
  return "unknown";
}

DecodeError decode(ByteSpan& bytes, NetlinkEvent& event) {
  nlmsghdr header{};
  if (bytes.size() < sizeof header) {
    bytes = {};
    return DecodeError::kTruncated;
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) {
    bytes = {};
    return DecodeError::kTruncated;
  }
  const ByteSpan body = bytes.subspan(sizeof header, header.nlmsg_len - sizeof header);
  bytes = bytes.subspan(std::min(padded(header.nlmsg_len), bytes.size()));

  event = {};
  event.type = static_cast<MessageType>(header.nlmsg_type);
  event.sequence = header.nlmsg_seq;
  event.sender_port = header.nlmsg_pid;
  if (event.type != MessageType::kAlert && event.type != MessageType::kBlock) return DecodeError::kUnknownType;
  if (body.size() < kVersionBytes || body[0] != kProtocolVersion) return DecodeError::kVersion;
  return decode_attributes(body.subspan(kVersionBytes), event);
}

}  // namespace bulkhead::output
