// The table at the end of a replay.
#pragma once

#include <string>

#include "config/cli/terminal.h"
#include "config/daemon/replay_run.h"

namespace bulkhead::config::cli {

[[nodiscard]] std::string replay_summary(const ReplaySummary& summary, const LoadSummary& load, bool inline_mode,
                                         const std::string& eve_file, const Terminal& terminal);

}  // namespace bulkhead::config::cli
