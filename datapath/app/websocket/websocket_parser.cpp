#include "datapath/app/websocket/websocket_parser.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "datapath/app/app_settings.h"

namespace bulkhead::app::websocket {

namespace {

constexpr std::uint8_t kFin = 0x80, kFlags = 0xF0, kControl = 0x08, kMasked = 0x80;
constexpr std::uint64_t kLongestControl = 125;
constexpr std::size_t kSmall = 1024;

}  // namespace

WebSocketParser::WebSocketParser(const AppSettings& settings) : settings_(settings.websocket) {}

ParseResult WebSocketParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  Side& side = sides_[bulkhead::index_of(d)];
  std::size_t used = 0;
  while (used < data.size()) {
    if (side.left > 0) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(side.left, data.size() - used));
      payload(side, data.subspan(used, part));
      used += part;
      if (side.left == 0) finish(side);
      continue;
    }
    bool bad = false;
    const std::size_t taken = header(d, data.subspan(used), bad);
    if (bad) return {ParseResult::Status::kError, data.size(), AppProtocol::kUnknown};
    if (taken == 0) break;
    used += taken;
  }
  return {ParseResult::Status::kOk, used, AppProtocol::kUnknown};
}

std::size_t WebSocketParser::header(Direction d, ByteSpan data, bool& bad) {
  ByteReader in(data);
  const std::uint8_t first = in.u8(), second = in.u8();
  std::uint64_t length = second & 0x7FU;
  if (length == 126) {
    length = in.be16();
  } else if (length == 127) {
    length = in.be64();
  }
  const bool masked = (second & kMasked) != 0;
  const std::uint32_t mask = masked ? in.be32() : 0;
  if (in.failed()) return 0;
  bad = (length >> 63) != 0;
  if (bad) return 0;
  Side& side = sides_[bulkhead::index_of(d)];
  auto& tx = add(std::make_unique<WebSocketTransaction>(d));
  tx.opcode = first & 0x0F;
  tx.flags = first & kFlags;
  tx.length = length;
  if (masked) tx.mask = mask;
  if (opcode_name(tx.opcode).empty()) tx.note(WebSocketEvent::reserved_opcode);
  if (masked != (d == Direction::kToServer)) {
    tx.note(masked ? WebSocketEvent::masked_server : WebSocketEvent::unmasked_client);
  }
  if ((tx.opcode & kControl) != 0 && (length > kLongestControl || (tx.flags & kFin) == 0)) {
    tx.note(WebSocketEvent::long_control_frame);
  }
  side = {&tx, length, 0};
  if (length == 0) finish(side);
  return in.position();
}

std::size_t WebSocketParser::kept() const {
  std::size_t sum = 0;
  for (const auto& tx : transactions()) sum += static_cast<const WebSocketTransaction&>(*tx).payload.size();
  return sum;
}

void WebSocketParser::payload(Side& side, ByteSpan bytes) {
  if (side.tx == nullptr) {
    side.at += bytes.size();
    side.left -= bytes.size();
    return;
  }
  WebSocketTransaction& tx = *side.tx;
  std::size_t room = settings_.max_payload - std::min<std::size_t>(settings_.max_payload, tx.payload.size());
  if (tx.payload.size() + bytes.size() > kSmall && room != 0) {
    const std::size_t held = kept();
    room = std::min(room, settings_.max_kept - std::min<std::size_t>(settings_.max_kept, held));
  }
  const ByteSpan taken = bytes.first(std::min(room, bytes.size()));
  if (taken.size() < bytes.size()) tx.note(WebSocketEvent::skip_end_of_payload);
  const std::uint32_t mask = tx.mask.value_or(0);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto shift = static_cast<unsigned>(24 - 8 * ((side.at + i) % 4));
    tx.payload.push_back(static_cast<Byte>(taken[i] ^ static_cast<Byte>(mask >> shift)));
  }
  side.at += bytes.size();
  side.left -= bytes.size();
}

void WebSocketParser::finish(Side& side) {
  if (side.tx != nullptr) side.tx->advance(side.tx->direction, stage::kComplete);
  side = {};
}

bool WebSocketParser::gap(Direction d, std::uint64_t length) {
  Side& side = sides_[bulkhead::index_of(d)];
  if (side.tx == nullptr || length > side.left) return false;
  // What follows the hole is not joined to what came before it.
  side.tx->note(WebSocketEvent::skip_end_of_payload);
  side.at += length;
  side.left -= length;
  if (side.left == 0) finish(side);
  return true;
}

void WebSocketParser::end(Direction d, ByteSpan) {
  Side& side = sides_[bulkhead::index_of(d)];
  if (side.tx != nullptr) finish(side);
}

std::string_view opcode_name(std::uint8_t opcode) {
  switch (opcode) {
    case 0: return "continuation";
    case 1: return "text";
    case 2: return "binary";
    case 8: return "connection_close";
    case 9: return "ping";
    case 10: return "pong";
    default: return "";
  }
}

void WebSocketTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  json.open_object();
  json.field("fin", (flags & kFin) != 0);
  if (mask) json.field("mask", *mask);
  const std::string_view name = opcode_name(opcode);
  json.field("opcode", name.empty() ? "unknown-" + std::to_string(opcode) : std::string(name));
  json.field("length", length);
  json.close_object();
  EveRecord record;
  record.type = "websocket";
  record.from_server = direction == Direction::kToClient;
  record.add("websocket", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::websocket
