// What becomes of packets where the engine cannot do its work: memory is used up, a connection was not seen from its
// beginning, a parser gave up. The names are those of Suricata's exception policies.
//
// Tests    tests/unit/datapath/pipeline/worker_test.cpp
#pragma once

#include <array>
#include <cstddef>
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

inline constexpr std::size_t kExceptionPolicyCount = 7;

// What happened. A flow keeps a bit for each (Flow::exceptions).
enum class Exception : std::uint8_t {
  kMidstream,         // stream.midstream-policy
  kStreamMemcap,      // stream.memcap-policy
  kReassemblyMemcap,  // stream.reassembly.memcap-policy
  kDefragMemcap,      // defrag.memcap-policy
  kAppLayerError,     // app-layer.error-policy
  kCount
};
inline constexpr std::size_t kExceptionCount = static_cast<std::size_t>(Exception::kCount);

struct ExceptionPolicies {
  std::array<ExceptionPolicy, kExceptionCount> policies{};
  [[nodiscard]] ExceptionPolicy of(Exception e) const { return policies[static_cast<std::size_t>(e)]; }
  ExceptionPolicy& of(Exception e) { return policies[static_cast<std::size_t>(e)]; }
};

// As flow records and counters spell it.
[[nodiscard]] constexpr std::string_view name_of(ExceptionPolicy policy) {
  switch (policy) {
    case ExceptionPolicy::kIgnore: return "ignore";
    case ExceptionPolicy::kPassPacket: return "pass_packet";
    case ExceptionPolicy::kPassFlow: return "pass_flow";
    case ExceptionPolicy::kBypass: return "bypass";
    case ExceptionPolicy::kDropPacket: return "drop_packet";
    case ExceptionPolicy::kDropFlow: return "drop_flow";
    case ExceptionPolicy::kReject: return "reject";
  }
  return "ignore";
}

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
  kStreamUrgent,
  kAppLayerError,
  kTunnelPacket,
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
    case DropReason::kStreamUrgent: return {"stream urgent", "stream_urgent"};
    case DropReason::kAppLayerError: return {"applayer error", "applayer_error"};
    case DropReason::kTunnelPacket: return {"tunnel packet drop", "tunnel_packet_drop"};
    case DropReason::kNone:
    case DropReason::kCount: break;
  }
  return {"", ""};
}

struct ExceptionNames {
  std::string_view record;   // exception_policy.target of a flow record
  std::string_view counter;  // in stats, before the policy's name
  DropReason drop;
};

[[nodiscard]] constexpr ExceptionNames names_of(Exception e) {
  switch (e) {
    case Exception::kMidstream:
      return {"stream_midstream", "tcp.midstream_exception_policy.", DropReason::kStreamMidstream};
    case Exception::kStreamMemcap:
      return {"stream_memcap", "tcp.ssn_memcap_exception_policy.", DropReason::kStreamMemcap};
    case Exception::kReassemblyMemcap:
      return {"stream_reassembly", "tcp.reassembly_exception_policy.", DropReason::kStreamReassembly};
    case Exception::kDefragMemcap:
      return {"defrag_memcap", "defrag.memcap_exception_policy.", DropReason::kDefragMemcap};
    case Exception::kAppLayerError:
      return {"app_layer_error", "app_layer.error.exception_policy.", DropReason::kAppLayerError};
    case Exception::kCount: break;
  }
  return {"", "", DropReason::kNone};
}

}  // namespace bulkhead::pipeline
