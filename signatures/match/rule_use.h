// How often each rule was checked and matched, and what its checks cost.
//
// Counted are checks of a rule's conditions behind Hyperscan, which looks for all rules at once and is nobody's cost.
// Time is measured in one packet of kSampled and scaled up.
//
// Thread   each matcher writes a lane of its own; open() and read() from any thread.
// Reload   counts live on by gid and sid; a lane whose matcher is gone is added to the past at the next reload, or when
// somebody reads. Memory   40 bytes for each rule and matcher; some 64 for each sid of the past. Tests
// tests/unit/signatures/match/rule_use_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "datapath/base/counters.h"
#include "signatures/compile/signature_db.h"

namespace bulkhead::signatures {

struct RuleUse {
  Counter checks, matches, samples, sampled_ns;
};

struct RuleUseLane {
  explicit RuleUseLane(std::vector<std::uint64_t> names) : keys(std::move(names)), rules(keys.size()) {}
  static constexpr std::uint32_t kSampled = 64;
  const std::vector<std::uint64_t> keys;  // gid and sid; a lane outlives the rules that it counted
  std::vector<RuleUse> rules;             // by index in the database's rules
  Counter packets;
};

struct RuleUseTotals {
  std::uint64_t checks = 0, matches = 0, samples = 0, sampled_ns = 0;
  // Of all checks, as the measured ones were; 0 while none was measured.
  [[nodiscard]] double nanoseconds() const {
    return samples == 0 ? 0.0
                        : static_cast<double>(sampled_ns) / static_cast<double>(samples) * static_cast<double>(checks);
  }
};

struct RuleUseReport {
  std::uint64_t packets = 0;         // of all workers, since the start
  std::vector<RuleUseTotals> rules;  // by index in db.rules
};

class RuleUseBook {
 public:
  [[nodiscard]] std::shared_ptr<RuleUseLane> open(const SignatureDb& db);
  [[nodiscard]] RuleUseReport read(const SignatureDb& db);

 private:
  using Sums = std::unordered_map<std::uint64_t, RuleUseTotals>;  // by gid and sid
  void retire();
  static void add(const RuleUseLane& lane, Sums& sums);

  std::mutex mutex_;
  std::vector<std::shared_ptr<RuleUseLane>> lanes_;
  Sums past_;
  std::uint64_t past_packets_ = 0;
};

}  // namespace bulkhead::signatures
