// Captures, or what passes on interfaces, through the engine, for who talks to whom.
//
// Thread   the main thread, one worker. Errors  to stderr; nullopt when no capture can be opened. A capture
//          that breaks off counts up to there, with a warning.
// Limits   live: until the time is over or SIGINT or SIGTERM comes; what the kernel dropped is said.
// Tests    tests/policy/captures.py, tests/netns/learn_netns_test.cpp
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "rules/classify/flow_edges.h"

namespace bulkhead::config::cli {

[[nodiscard]] std::optional<rules::FlowEdgeTable> edges_of_captures(const std::vector<std::string>& patterns);
[[nodiscard]] std::optional<rules::FlowEdgeTable> edges_of_interfaces(const std::vector<std::string>& interfaces,
                                                                      std::chrono::seconds duration);

}  // namespace bulkhead::config::cli
