// What the behaviour observer keeps with every flow. It stands in the flow itself: each packet needs it, and in a place
// of its own it was rarely in the cache (signatures/DECISIONS.md 46).
//
// Thread   the worker owning the flow.
// Units    bytes above the transport's header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "datapath/base/timestamp.h"

namespace bulkhead::flow {

struct FlowWatch {
  static constexpr std::uint8_t kNobody = 2;

  std::array<std::uint64_t, 2> payload{};  // by Direction
  Timestamp next_milestone;
  std::uint32_t interface = 0;     // of the client's packets
  std::uint32_t server_name = 0;   // what the last name that the client asked for hashes to; 0: none
  std::uint16_t turns = 0;         // how often the other end began to speak
  std::uint8_t first_entropy = 0;  // of the client's first words, in sixteenths of a bit a byte; 0: not known
  std::uint8_t last_speaker : 2 = kNobody;
  bool begun : 1 = false;  // the observer has seen the flow: the rest means something
  bool answered : 1 = false, refused : 1 = false, first_milestone : 1 = false, server_first : 1 = false;

  [[nodiscard]] bool spoke(std::size_t side) const { return payload[side] != 0; }
  // True: the first that this end said.
  bool hear(std::size_t side, std::size_t bytes) {
    const bool first = !spoke(side);
    if (first && side == 1 && !spoke(0)) server_first = true;
    payload[side] += bytes;
    if (last_speaker != side) {
      last_speaker = side & 1;
      if (turns < UINT16_MAX) ++turns;
    }
    return first;
  }
  void turn() {
    std::swap(payload[0], payload[1]);
    if (last_speaker != kNobody) last_speaker ^= 1;
    server_first = false;
    interface = 0;
    first_entropy = 0;
  }
};
static_assert(sizeof(FlowWatch) == 40);

}  // namespace bulkhead::flow
