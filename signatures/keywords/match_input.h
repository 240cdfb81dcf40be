// What a rule may look at: one packet, its flow, the state of its stream. The matcher fills it once
// per packet; keyword conditions read it.
//
// Thread   the worker; borrowed pointers, valid during one inspection.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "datapath/app/app_flow.h"
#include "datapath/decode/packet_view.h"
#include "datapath/flow/flow.h"
#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::signatures {

// State that rules keep with a flow: flowbits, flowints, captured variables. Small: most flows have none.
struct FlowVariables {
  std::vector<std::uint64_t> bits;                              // bit set by FlowbitId
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ints;    // (variable id, value); absent: not set
  std::vector<std::pair<std::uint32_t, std::string>> captures;  // (variable id, bytes), named pcre captures
  [[nodiscard]] bool bit(std::uint32_t id) const {
    return id / 64 < bits.size() && ((bits[id / 64] >> (id % 64)) & 1) != 0;
  }
  void set_bit(std::uint32_t id, bool on) {
    if (id / 64 >= bits.size()) {
      if (!on) return;
      bits.resize(id / 64 + 1);
    }
    const std::uint64_t mask = std::uint64_t{1} << (id % 64);
    bits[id / 64] = on ? bits[id / 64] | mask : bits[id / 64] & ~mask;
  }
  [[nodiscard]] const std::uint32_t* integer(std::uint32_t id) const {
    for (const auto& [name, value] : ints) {
      if (name == id) return &value;
    }
    return nullptr;
  }
};

struct MatchInput {
  const decode::PacketView* packet = nullptr;              // never null
  const flow::Flow* flow = nullptr;                        // may be null
  const stream::TcpSession* tcp = nullptr;                 // may be null
  const stream::StreamEventList* stream_events = nullptr;  // may be null
  const app::AppFlow* application = nullptr;               // may be null
  Direction direction = Direction::kToServer;
  bool established = false;
  bool payload_in_stream = false;
  FlowVariables* variables = nullptr;  // null when the packet has no flow
  // Named captures of this packet (pkt:NAME), by rules that matched before; never null.
  const std::vector<std::pair<std::uint32_t, std::string>>* packet_captures = nullptr;
  Timestamp now;
};

}  // namespace bulkhead::signatures
