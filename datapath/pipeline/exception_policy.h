// What becomes of packets where the engine cannot do its work: memory is used up, a connection was not seen from its
// beginning, a parser gave up. The names are those of Suricata's exception policies.
//
// Tests    tests/unit/datapath/pipeline/worker_test.cpp
#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead::pipeline {

enum class ExceptionPolicy : std::uint8_t {
  kIgnore,      // go on with what there is
  kPassPacket,  // this packet is not judged
  kPassFlow,    // nor any later one of its flow; the stream and its protocol are still followed
  kBypass,      // the flow is neither judged nor followed
  kDropPacket,  // inline only, from here on
  kDropFlow,
  kReject,
};

struct ExceptionPolicies {
  ExceptionPolicy midstream = ExceptionPolicy::kIgnore;          // stream.midstream-policy
  ExceptionPolicy stream_memcap = ExceptionPolicy::kIgnore;      // stream.memcap-policy
  ExceptionPolicy reassembly_memcap = ExceptionPolicy::kIgnore;  // stream.reassembly.memcap-policy
  ExceptionPolicy defrag_memcap = ExceptionPolicy::kIgnore;      // defrag.memcap-policy
  ExceptionPolicy app_error = ExceptionPolicy::kIgnore;          // app-layer.error-policy
};

// Why a packet was dropped: EVE drop.reason, and the counter stats.ips.drop_reason.*.
enum class DropReason : std::uint8_t {
  kNone,
  kRules,
  kThreshold,
  kFlowDrop,
  kStreamError,
  kStreamMemcap,
  kStreamMidstream,
  kStreamReassembly,
  kDefragMemcap,
  kAppLayerError,
  kCount
};

struct DropReasonNames {
  std::string_view event;
  std::string_view counter;
};

[[nodiscard]] constexpr DropReasonNames names_of(DropReason reason) {
  switch (reason) {
    case DropReason::kRules: return {"rules", "rules"};
    case DropReason::kThreshold: return {"threshold detection_filter", "threshold_detection_filter"};
    case DropReason::kFlowDrop: return {"flow drop", "flow_drop"};
    case DropReason::kStreamError: return {"stream error", "stream_error"};
    case DropReason::kStreamMemcap: return {"stream memcap", "stream_memcap"};
    case DropReason::kStreamMidstream: return {"stream midstream", "stream_midstream"};
    case DropReason::kStreamReassembly: return {"stream reassembly", "stream_reassembly"};
    case DropReason::kDefragMemcap: return {"defrag memcap", "defrag_memcap"};
    case DropReason::kAppLayerError: return {"applayer error", "applayer_error"};
    case DropReason::kNone:
    case DropReason::kCount: break;
  }
  return {"", ""};
}

}  // namespace bulkhead::pipeline
