// One packet of a capture, as the policies would be asked about it: the flow that it belongs to, in the direction in
// which that flow was opened.
//
// Thread   the main thread, one worker. Errors  to stderr; nullopt when the capture cannot be read or ends before.
// Tests    tests/policy/captures.py
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rules/compile/policy_table.h"

namespace bulkhead::config::cli {

struct CapturedPacket {
  std::optional<rules::FlowQuery> query;
  std::string why_none;    // without a query: why no policy is asked
  std::string place;       // "opens its flow", "an answer in the flow that packet 12 opened"
  bool midstream = false;  // the capture begins within the connection
};

// `number`: from 1, as EVE events count (pcap_cnt).
[[nodiscard]] std::optional<CapturedPacket> packet_of_capture(const std::string& file, std::uint64_t number);

}  // namespace bulkhead::config::cli
