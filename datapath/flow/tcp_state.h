// Names of the TCP connection states as EVE writes them (RFC 9293 3.3.2, seen from the middle).
#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead::flow {

enum class TcpState : std::uint8_t {
  kNone,
  kSynSent,
  kSynRecv,
  kEstablished,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kLastAck,
  kCloseWait,
  kClosing,
  kClosed
};

[[nodiscard]] constexpr std::string_view name_of(TcpState state) {
  switch (state) {
    case TcpState::kNone: return "none";
    case TcpState::kSynSent: return "syn_sent";
    case TcpState::kSynRecv: return "syn_recv";
    case TcpState::kEstablished: return "established";
    case TcpState::kFinWait1: return "fin_wait1";
    case TcpState::kFinWait2: return "fin_wait2";
    case TcpState::kTimeWait: return "time_wait";
    case TcpState::kLastAck: return "last_ack";
    case TcpState::kCloseWait: return "close_wait";
    case TcpState::kClosing: return "closing";
    case TcpState::kClosed: return "closed";
  }
  return "none";
}

}  // namespace bulkhead::flow
