// Captures through the engine, for who talks to whom.
//
// Thread   the main thread, one worker. Errors  to stderr; nullopt when no capture can be opened. A capture
//          that breaks off counts up to there, with a warning.
// Tests    tests/policy/captures.py
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/classify/flow_edges.h"

namespace bulkhead::config::cli {

[[nodiscard]] std::optional<rules::FlowEdgeTable> edges_of_captures(const std::vector<std::string>& patterns);

}  // namespace bulkhead::config::cli
