// Everything that can be wrong with a packet, one name each: enum, counter, anomaly event and
// `decode-event` keyword all come from decode_events.def.
//
// Names    "ipv4.pkt_too_small" here; "decoder.ipv4.pkt_too_small" in EVE and statistics.
// Tests    tests/unit/datapath/decode/decode_events_test.cpp walks the list and demands a packet for each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::decode {

enum class DecodeEvent : std::uint8_t {
#define X(symbol, name, invalid, text, source) symbol,
#include "datapath/decode/decode_events.def"
#undef X
  kCount
};

inline constexpr std::size_t kDecodeEventCount = static_cast<std::size_t>(DecodeEvent::kCount);

struct DecodeEventInfo {
  std::string_view name;    // "ipv4.pkt_too_small"
  bool makes_invalid;       // the packet is not decoded further and is counted in decoder.invalid
  std::string_view text;    // one sentence
  std::string_view source;  // RFC section
};

[[nodiscard]] const DecodeEventInfo& info(DecodeEvent event);
[[nodiscard]] std::optional<DecodeEvent> find_decode_event(std::string_view name);

class DecodeEventList {
 public:
  static constexpr std::size_t kMaxEvents = 12;
  void add(DecodeEvent event) {
    if (count_ < kMaxEvents) events_[count_++] = event;
  }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const DecodeEvent* begin() const { return events_.data(); }
  [[nodiscard]] const DecodeEvent* end() const { return events_.data() + count_; }
  [[nodiscard]] bool contains(DecodeEvent event) const {
    for (const DecodeEvent e : *this) {
      if (e == event) return true;
    }
    return false;
  }
  void clear() { count_ = 0; }

 private:
  std::array<DecodeEvent, kMaxEvents> events_{};
  std::uint8_t count_ = 0;
};

}  // namespace bulkhead::decode
