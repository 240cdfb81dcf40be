#include "rules/classify/classifier.h"

#include <algorithm>
#include <set>
#include <utility>

namespace bulkhead::rules {

Classifier::Classifier(PolicyTablePtr table) : table_(std::move(table)) {
  for (const Program& program : table_->programs()) compile_program(program);
}

void Classifier::compile_program(const Program& program) {
  CompiledProgram out;
  add_lane(program, -1, out);
  for (const Step& step : program.steps) {
    for (const PortMatch& port : table_->matches()[step.match].ports) {
      if (out.lane_of[port.protocol] != 0) continue;
      out.lane_of[port.protocol] = static_cast<std::uint16_t>(out.lanes.size());
      add_lane(program, port.protocol, out);
    }
  }
  programs_.push_back(std::move(out));
}

// protocol -1: any that no step names.
void Classifier::add_lane(const Program& program, int protocol, CompiledProgram& out) {
  std::set<std::uint32_t> starts = {0};
  for (const Step& step : program.steps) {
    for (const PortMatch& port : table_->matches()[step.match].ports) {
      if (port.protocol != protocol) continue;
      starts.insert(port.first);
      if (port.last != 65535) starts.insert(std::uint32_t{port.last} + 1);
    }
  }
  Lane lane;
  lane.begin = static_cast<std::uint32_t>(intervals_.size());
  for (const std::uint32_t start : starts) {
    Interval interval;
    interval.first = static_cast<std::uint16_t>(start);
    interval.begin = static_cast<std::uint32_t>(candidates_.size());
    for (std::uint32_t s = 0; s < program.steps.size(); ++s) {
      const auto& ports = table_->matches()[program.steps[s].match].ports;
      const bool may = ports.empty() || (protocol >= 0 && std::any_of(ports.begin(), ports.end(), [&](const auto& p) {
                                           return p.covers(static_cast<std::uint8_t>(protocol), interval.first);
                                         }));
      if (may) candidates_.push_back(s);
    }
    interval.end = static_cast<std::uint32_t>(candidates_.size());
    intervals_.push_back(interval);
  }
  lane.end = static_cast<std::uint32_t>(intervals_.size());
  out.lanes.push_back(lane);
}

bool Classifier::judge(std::uint32_t program, FlowEnd end, const FlowQuery& query, Decision& decision) const {
  const CompiledProgram& compiled = programs_[program];
  const Lane lane = compiled.lanes[compiled.lane_of[query.tuple.protocol]];
  const auto after = std::upper_bound(intervals_.begin() + lane.begin, intervals_.begin() + lane.end, query.port_key(),
                                      [](std::uint16_t key, const Interval& i) { return key < i.first; });
  const Interval& interval = *std::prev(after);
  const IpAddress& peer = end == FlowEnd::kEgress ? query.tuple.destination : query.tuple.source;
  const std::vector<Step>& steps = table_->programs()[program].steps;
  std::uint32_t from = 0;
  for (std::uint32_t i = interval.begin; i != interval.end; ++i) {
    if (candidates_[i] < from) continue;
    const Step& step = steps[candidates_[i]];
    const TableMatch& match = table_->matches()[step.match];
    if (match.self ? query.tuple.source != query.tuple.destination : !match.peers.contains(peer)) continue;
    if (step.audit) {
      if (decision.audit_count < Decision::kMaxAudit) decision.audit[decision.audit_count++] = step.rule;
      from = step.skip_to;
      continue;
    }
    if (step.action == Action::kPass) {
      from = step.skip_to;
      continue;
    }
    decision.rule = step.rule;
    (end == FlowEnd::kEgress ? decision.egress_rule : decision.ingress_rule) = step.rule;
    decision.action = step.action;
    return step.action == Action::kAllow;
  }
  return true;
}

Decision Classifier::classify(const FlowQuery& query) const {
  Decision decision;
  if (always_open(query)) return decision;
  const std::uint32_t source = table_->workload_at(query.tuple.source);
  if (source != kNone && table_->workloads()[source].egress != kNone) {
    if (!judge(table_->workloads()[source].egress, FlowEnd::kEgress, query, decision)) return decision;
  }
  const std::uint32_t destination = table_->workload_at(query.tuple.destination);
  if (destination != kNone && table_->workloads()[destination].ingress != kNone) {
    judge(table_->workloads()[destination].ingress, FlowEnd::kIngress, query, decision);
  }
  return decision;
}

}  // namespace bulkhead::rules
