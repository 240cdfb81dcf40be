// A policy proposed from traffic: what has been seen often, over time and with answers becomes a rule; the rest
// is listed with the reason why it did not.
//
//   edges of a capture -> by groups of workloads that have the same labels -> rules with support and confidence
//
// Support     flows, sources and windows of time (kEdgeWindow) that show an edge.
// Confidence  lower bound of the share of flows that are answered (Wilson, 95 %): 5 of 5 are 0.57, 100 of 100
//             0.96.
// Thin        an edge with less than LearnSettings asks for is no rule.
// Suspicious  scans (many unanswered ports of one host), sweeps (many unanswered hosts on one port), edges
//             that are mostly refused, bursts in a long capture, metadata services: listed, never a rule. Edges
//             of a source that scans or sweeps need as many windows as an hour of regular use would show.
// Caution     traffic that an attacker kept up for the whole capture looks like any other. Read the proposal.
// Thread      control thread. Tests  tests/unit/rules/learn/learner_test.cpp, tests/policy/captures.py
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/classify/flow_edges.h"
#include "rules/model/policy.h"

namespace bulkhead::rules {

struct LearnSettings {
  std::uint64_t min_flows = 5;  // answered
  std::size_t min_windows = 3;  // in which flows began
  double min_confidence = 0.5;
  std::size_t scan_ports = 15;     // unanswered ports of one destination
  std::size_t sweep_hosts = 8;     // unanswered destinations on one port
  std::uint64_t burst_flows = 50;  // within two windows of a capture of ten or more
  std::size_t world_hosts = 4;     // addresses outside, on one port, before they are called world
  bool enforce = false;            // mode of the proposed policies; otherwise audit
};

struct Evidence {
  std::uint64_t flows = 0, answered = 0, refused = 0;
  std::size_t sources = 0, destinations = 0, windows = 0;
  double confidence = 0;
  [[nodiscard]] std::string to_string(std::size_t all_windows) const;
};

struct LearnedRule {
  PolicyRule rule;
  Evidence evidence;
};
struct LearnedPolicy {
  Policy policy;  // its rules, the closing deny last
  std::vector<LearnedRule> ingress, egress;
};

// An edge that did not become a rule.
struct LeftOut {
  std::string from, to, port;
  std::string reason;  // "3 flows are too few", "scan: 120 ports of this host unanswered"
  Evidence evidence;
  bool suspicious = false;
};

struct Learned {
  std::vector<LearnedPolicy> policies;
  std::vector<LeftOut> left_out;  // suspicious first
  std::uint64_t flows = 0;
  std::size_t windows = 0;  // of the capture

  // Policy documents with the evidence as comments; what was left out stands at the end as comments.
  [[nodiscard]] std::string to_yaml() const;
};

[[nodiscard]] double wilson_lower_bound(std::uint64_t good, std::uint64_t all);
[[nodiscard]] Learned learn_policies(const Inventory& inventory, const FlowEdgeTable& edges,
                                     const LearnSettings& settings);

}  // namespace bulkhead::rules
