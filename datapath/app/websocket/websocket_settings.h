// Settings of WebSocket; names below app-layer.protocols.websocket in brackets.
#pragma once

#include <cstdint>

namespace bulkhead::app::websocket {

struct WebSocketSettings {
  std::uint32_t max_payload = 65535;         // [max-payload-size] bytes of a frame that rules see
  std::uint32_t max_kept = 4 * 1024 * 1024;  // bytes that the live transactions of a flow may hold
};

}  // namespace bulkhead::app::websocket
