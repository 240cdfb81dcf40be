// How far a workload's baseline is: learning, then monitored, then (where an operator says so) protected.
//
//   learning     what is seen often, over time and without suspicion becomes its baseline; only what needs no baseline
//                speaks: floods, sweeps without answers, contested addresses, signatures
//   monitoring   what differs becomes evidence
//   protecting   as monitoring; a grave incident may be answered
//
// It leaves learning once it has been watched for `learn_for` and has shown `learn_flows`, and is not suspected.
//
// Thread   the behaviour thread. Limits  one entry a party (party.h). Tests
// tests/unit/signatures/behaviour/live_engine_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "datapath/base/timestamp.h"
#include "signatures/behaviour/party.h"

namespace bulkhead::behaviour {

enum class Phase : std::uint8_t { kLearning, kMonitoring, kProtecting };
[[nodiscard]] const char* to_string(Phase phase);
[[nodiscard]] std::optional<Phase> find_phase(std::string_view name);

struct PhaseSettings {
  std::chrono::seconds learn_for{86400};
  std::uint64_t learn_flows = 100;
  std::vector<std::string> protect;  // names of parties, "shop/api", "shop/*"; a trailing * stands for any end
};

class Phases {
 public:
  struct Entry {
    Phase phase = Phase::kLearning;
    Timestamp since;          // of the phase
    std::uint64_t flows = 0;  // answered, while learning
  };

  explicit Phases(PhaseSettings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] Phase of(PartyId party) const;
  // The party is there; true: it has just left learning.
  bool note(PartyId party, const std::string& name, Timestamp now, bool answered, bool suspected);
  void put(PartyId party, const std::string& name, Entry entry);  // from a file
  [[nodiscard]] const std::unordered_map<PartyId, Entry>& entries() const { return entries_; }
  [[nodiscard]] bool is_protected(const std::string& name) const;

 private:
  PhaseSettings settings_;
  std::unordered_map<PartyId, Entry> entries_;
};

}  // namespace bulkhead::behaviour
