// Counts matches of rules by host and decides what becomes of a match: limit, threshold, both,
// detection_filter, rate_filter, suppress.
//
//   limit          the first `count` matches of a period alert, the rest only act
//   threshold      every count-th match of a period alerts, the others are forgotten
//   both           the count-th match of a period alerts, later ones only act, earlier ones are forgotten
//   detection_filter  matches beyond `count` in a period alert, the others are forgotten
//   rate           beyond `count` the new action holds for `timeout` seconds
//   suppress       the match only acts
// A period begins with the first match after the last one is over; the end belongs to it (now <= begin + seconds).
//
// Thread   shared by all workers: call only with the SharedGate's lock held.
// Units    packet time, never the wall clock.
// Limits   max_entries; when full, entries whose period is over are removed; if none is, the match counts as the
//          first of its period and is not remembered (counters().full).
// Tests    tests/unit/signatures/match/threshold_test.cpp
#pragma once

#include <cstdint>
#include <unordered_map>

#include "datapath/base/counters.h"
#include "datapath/base/timestamp.h"
#include "signatures/compile/signature.h"
#include "signatures/match/host_key.h"

namespace bulkhead::signatures {

enum class ThresholdVerdict : std::uint8_t {
  kAlert,   // report and act
  kSilent,  // act, do not report
  kForget,  // as if the rule had not matched
};

struct ThresholdDecision {
  ThresholdVerdict verdict = ThresholdVerdict::kAlert;
  bool has_new_action = false;  // rate_filter
  pipeline::RuleAction new_action = pipeline::RuleAction::kAlert;
};

struct ThresholdCounters {
  Counter entries, full, purged;
};

class ThresholdTable {
 public:
  explicit ThresholdTable(std::size_t max_entries) : max_entries_(max_entries) {}

  // All thresholds of the rule, suppress first.
  [[nodiscard]] ThresholdDecision decide(const Signature& rule, const IpAddress& source, const IpAddress& destination,
                                         Timestamp now);
  [[nodiscard]] const ThresholdCounters& counters() const { return counters_; }

 private:
  struct Entry {
    Timestamp begin;
    Timestamp filter_since;  // rate: when the new action took hold
    std::uint32_t seconds = 0;
    std::uint32_t count = 1;
    bool filtering = false;
  };

  [[nodiscard]] ThresholdVerdict apply(const ThresholdSpec& spec, const HostKey& key, Timestamp now,
                                       ThresholdDecision& out);
  [[nodiscard]] Entry* find(const HostKey& key);
  void insert(const HostKey& key, const ThresholdSpec& spec, Timestamp now);
  void purge(Timestamp now);
  [[nodiscard]] bool rate_exceeded(const ThresholdSpec& spec, const HostKey& key, Timestamp now);

  std::unordered_map<HostKey, Entry, HostKeyHash> entries_;
  const std::size_t max_entries_;
  Timestamp next_purge_;
  ThresholdCounters counters_;
};

}  // namespace bulkhead::signatures
