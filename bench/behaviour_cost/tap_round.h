// A capture file through a real tap: sent into a pair of interfaces and read from the kernel's ring by two workers, one
// of which also tells the behaviour thread what it sees; both have an output thread that writes EVE JSON.
//
// Needs    root, for a network namespace of its own, which the calling thread stays in.
// Thread   the caller is sender and both workers in turn; output threads and the behaviour thread have the other cores.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/behaviour_cost/behaviour.h"
#include "datapath/base/result.h"
#include "datapath/pipeline/snapshot.h"

namespace bulkhead::bench {

struct TapRound {
  std::array<std::vector<double>, 2> turns;  // seconds of CPU, by thousand packets: without, with
  std::array<std::uint64_t, 2> packets{};
  std::uint64_t lost = 0, events = 0;  // packets and events lost in the rings of both; events that both have written
  Records records;
};

// Once, ahead of the rounds.
[[nodiscard]] Status make_tap_interfaces();
// `folder` gets the events. Which side is first changes with each turn, and with the round.
[[nodiscard]] Result<TapRound> run_tap_round(const std::vector<std::string>& files, const pipeline::SnapshotPtr& rules,
                                             const std::string& folder, unsigned round);

}  // namespace bulkhead::bench
