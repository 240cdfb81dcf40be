// Settings and shared state of the matcher.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "signatures/data/dataset_registry.h"
#include "signatures/match/host_bits.h"
#include "signatures/match/payload_matcher.h"
#include "signatures/match/rule_use.h"
#include "signatures/match/tag_list.h"
#include "signatures/match/threshold.h"

namespace bulkhead::signatures {

struct MatchSettings {
  std::uint32_t packet_alert_max = 15;  // reported alerts per packet
  MatchLimits limits;
  // A rule whose pattern was seen but which did not match yet is tried again while new data comes, until so
  // many bytes have followed the pattern.
  std::uint32_t retry_bytes = 2560;
  // Of connections without a parser, and of FTP: bytes of a direction that must have come before they are judged; 0:
  // none.
  std::array<std::uint32_t, 2> stream_chunk{};
  std::uint32_t max_pending = 64;         // such rules per direction of a flow
  std::uint32_t max_idle_streams = 4096;  // closed stream states kept for reuse, per database
};

struct SharedLimits {
  std::size_t thresholds = 1'000'000;
  std::size_t host_bits = 1'000'000;
  std::size_t tagged_hosts = 100'000;
};

// What all workers share, across reloads. Touch only with the SharedGate's lock held, but for rule_use, which has its
// own.
struct SharedState {
  explicit SharedState(const SharedLimits& limits = {})
      : thresholds(limits.thresholds), host_bits(limits.host_bits), host_tags(limits.tagged_hosts) {}
  // Control thread only: what reloads find again.
  std::shared_ptr<DatasetRegistry> datasets;
  std::weak_ptr<const SignatureDb> last_loaded;
  ThresholdTable thresholds;
  HostBitTable host_bits;
  HostTagTable host_tags;
  RuleUseBook rule_use;
};

}  // namespace bulkhead::signatures
