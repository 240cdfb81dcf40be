#include "datapath/stream/stream_events.h"

namespace bulkhead::stream {
namespace {

constexpr std::array<StreamEventInfo, kStreamEventCount> kInfo = {{
#define X(symbol, name, text, source) {name, text, source},
#include "datapath/stream/stream_events.def"
#undef X
}};

// Two events have a second name: the one that counters and anomaly records use.
constexpr std::string_view kSynackAckCounter = "3whs_synack_resend_with_diff_ack";
constexpr std::string_view kEstSynackAckCounter = "est_synack_resend_with_diff_ack";

}  // namespace

const StreamEventInfo& info(StreamEvent event) {
  return kInfo[static_cast<std::size_t>(event)];
}

std::string_view counter_name(StreamEvent event) {
  if (event == StreamEvent::handshake_synack_resend_with_different_ack) return kSynackAckCounter;
  if (event == StreamEvent::est_synack_resend_with_different_ack) return kEstSynackAckCounter;
  return info(event).name;
}

std::optional<StreamEvent> find_stream_event(std::string_view name) {
  for (std::size_t i = 0; i < kStreamEventCount; ++i) {
    const auto event = static_cast<StreamEvent>(i);
    if (kInfo[i].name == name || counter_name(event) == name) return event;
  }
  return std::nullopt;
}

}  // namespace bulkhead::stream
