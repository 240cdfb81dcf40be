// WebSocket as the rest of the engine sees it. It is not recognised by its bytes: HTTP/1 hands the connection over.
#include <array>
#include <memory>

#include "datapath/app/protocol.h"
#include "datapath/app/websocket/websocket_parser.h"

namespace bulkhead::app {

namespace websocket {
namespace {

using Number = NumberDef::Kind;
constexpr std::array<std::uint8_t, 2> kBoth{stage::kComplete, stage::kComplete};

const WebSocketTransaction& frame_of(const Transaction& tx) {
  return static_cast<const WebSocketTransaction&>(tx);
}
bool get_payload(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  out.bytes = frame_of(tx).payload;
  return true;
}
bool get_opcode(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  out = frame_of(tx).opcode;
  return true;
}
bool get_mask(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  out = frame_of(tx).mask.value_or(0);
  return frame_of(tx).mask.has_value();
}
bool get_flags(const Transaction& tx, Direction, std::uint32_t index, std::uint64_t& out) {
  out = frame_of(tx).flags;
  return index == 0;
}

constexpr NumberName kOpcodes[] = {{"continuation", 0},     {"text", 1}, {"binary", 2},
                                   {"connection_close", 8}, {"ping", 9}, {"pong", 10}};
constexpr NumberName kFlags[] = {{"fin", 0x80}, {"comp", 0x40}};

constexpr BufferDef kBuffers[] = {
    {"websocket.payload", "", "", "The payload of a frame, without its mask", BufferDef::Kind::kSingle, kBoth,
     get_payload},
};
constexpr NumberDef kNumbers[] = {
    {"websocket.opcode", "", "The kind of a frame", Number::kSingle, kBoth, get_opcode, 15, kOpcodes},
    {"websocket.mask", "", "The mask of a frame", Number::kSingle, kBoth, get_mask, UINT32_MAX},
    {"websocket.flags", "", "Flags of a frame: fin, comp", Number::kFlags, kBoth, get_flags, 255, kFlags},
};
constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/websocket/websocket_events.def"
#undef X
};

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<WebSocketParser>(settings);
}

}  // namespace
}  // namespace websocket

const Protocol& protocol_websocket() {
  static constexpr Protocol protocol{.id = AppProtocol::websocket,
                                     .rule_prefix = "websocket",
                                     .over_tcp = true,
                                     .complete = {websocket::stage::kComplete, websocket::stage::kComplete},
                                     .records = {"websocket"},
                                     .make = websocket::make_parser,
                                     .buffers = websocket::kBuffers,
                                     .events = websocket::kEvents,
                                     .numbers = websocket::kNumbers};
  return protocol;
}

}  // namespace bulkhead::app
