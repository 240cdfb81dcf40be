// `bulkhead replay`: the engine on capture files, EVE out.
//
// Thread   run_replay() blocks the caller; `stop` may be set by a signal handler: the run then ends
//          as if the capture ended there, with all events written.
// Errors   an Error when the log directory cannot be written or no capture can be opened; captures that
//          break off are in ReplaySummary::replay.errors.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "config/daemon/generation.h"
#include "config/load/engine_settings.h"
#include "datapath/base/result.h"
#include "datapath/pipeline/replay.h"

namespace bulkhead::config {

struct AlertCount {
  std::uint64_t count = 0;
  std::string message;
};

struct EventTotals {
  std::map<std::string, std::uint64_t> by_type;                          // "alert", "flow", ...
  std::map<std::pair<std::uint32_t, std::uint32_t>, AlertCount> alerts;  // by (gid, sid)
  std::uint64_t written = 0;
  std::uint64_t lost = 0;
};

struct ReplaySummary {
  pipeline::ReplayResult replay;
  EventTotals events;
  std::chrono::duration<double> wall{0};  // reading the first packet to the last event written
  std::uint64_t capture_bytes = 0;        // size of the files
  std::size_t captures_not_opened = 0;    // their errors come first in replay.errors
};

// `progress(done_bytes, total_bytes, packets)` is called at most every 100 ms; may be empty.
using ReplayProgress = std::function<void(std::uint64_t, std::uint64_t, std::uint64_t)>;

[[nodiscard]] Result<ReplaySummary> run_replay(const EngineSettings& settings, const Generation& generation,
                                               const ReplayProgress& progress, const std::atomic<bool>& stop);

}  // namespace bulkhead::config
