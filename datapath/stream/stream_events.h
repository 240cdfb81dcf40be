// Everything odd about a TCP conversation, one name each (stream_events.def): counter
// "stream.pkt_invalid_ack", anomaly event and `stream-event` keyword.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::stream {

enum class StreamEvent : std::uint8_t {
#define X(symbol, name, text, source) symbol,
#include "datapath/stream/stream_events.def"
#undef X
  kCount
};

inline constexpr std::size_t kStreamEventCount = static_cast<std::size_t>(StreamEvent::kCount);

struct StreamEventInfo {
  std::string_view name;    // "3whs_ack_in_wrong_dir"
  std::string_view text;    // one sentence
  std::string_view source;  // RFC section
};

[[nodiscard]] const StreamEventInfo& info(StreamEvent event);
// As counters and anomaly records spell it: differs from the keyword's name for two events.
[[nodiscard]] std::string_view counter_name(StreamEvent event);
// By either name.
[[nodiscard]] std::optional<StreamEvent> find_stream_event(std::string_view name);

class StreamEventList {
 public:
  static constexpr std::size_t kMaxEvents = 12;
  void add(StreamEvent event) {
    for (const StreamEvent e : *this) {
      if (e == event) return;
    }
    if (count_ < kMaxEvents) events_[count_++] = event;
  }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] const StreamEvent* begin() const { return events_.data(); }
  [[nodiscard]] const StreamEvent* end() const { return events_.data() + count_; }
  [[nodiscard]] bool contains(StreamEvent event) const {
    for (const StreamEvent e : *this) {
      if (e == event) return true;
    }
    return false;
  }
  void clear() { count_ = 0; }

 private:
  std::array<StreamEvent, kMaxEvents> events_{};
  std::uint8_t count_ = 0;
};

}  // namespace bulkhead::stream
