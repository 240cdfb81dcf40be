// WebSocket frames (RFC 6455 5.2) after an upgrade of HTTP/1. Each frame is a transaction of the side that sent it.
//
//   FIN RSV opcode | M length 7 | length 0, 2 or 8 | mask 0 or 4 | payload
//
// Thread   the worker owning the flow.
// Limits   WebSocketSettings: of a longer payload the beginning is kept, without its mask.
// Errors   WebSocketEvent on the transaction; a length beyond 63 bits ends the parsing.
// Tests    tests/unit/datapath/app/websocket/websocket_parser_test.cpp, tests/fuzz/fuzz_websocket.cpp
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"
#include "datapath/app/websocket/websocket_settings.h"

namespace bulkhead::app::websocket {

enum class WebSocketEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/websocket/websocket_events.def"
#undef X
  kCount
};

namespace stage {
inline constexpr std::uint8_t kComplete = 1;
}

class WebSocketTransaction final : public Transaction {
 public:
  explicit WebSocketTransaction(Direction d) : direction(d) {
    const std::size_t other = bulkhead::index_of(opposite(d));
    progress[other] = stage::kComplete;
    inspected[other] = true;
  }

  const Direction direction;
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;  // FIN 0x80, RSV1 (compressed) 0x40, RSV2, RSV3
  std::optional<std::uint32_t> mask;
  std::uint64_t length = 0;
  std::vector<Byte> payload;  // without the mask

  void note(WebSocketEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

[[nodiscard]] std::string_view opcode_name(std::uint8_t opcode);

class WebSocketParser final : public AppParser {
 public:
  explicit WebSocketParser(const AppSettings& settings);

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  struct Side {
    Held<WebSocketTransaction> tx;  // whose payload is on its way
    std::uint64_t left = 0;         // of it
    std::uint64_t at = 0;           // bytes of it seen: where the mask is
  };
  // How many bytes the header takes; 0: needs more. `bad`: no such frame.
  std::size_t header(Direction d, ByteSpan data, bool& bad);
  void payload(Side& side, ByteSpan bytes);
  void finish(Side& side);
  [[nodiscard]] std::size_t kept() const;

  const WebSocketSettings& settings_;
  std::array<Side, 2> sides_;
};

}  // namespace bulkhead::app::websocket
