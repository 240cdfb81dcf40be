#include "rules/classify/policy_inspector.h"

#include <algorithm>
#include <utility>

#include "datapath/pipeline/drop_fields.h"
#include "rules/classify/packet_query.h"

namespace bulkhead::rules {

std::unique_ptr<pipeline::Inspector> PolicyInspectorFactory::make(std::uint32_t /*worker*/) const {
  return std::make_unique<PolicyInspector>(classifier_, inline_workers_);
}

void PolicyInspector::inspect(pipeline::InspectContext& context) {
  if (!is_judged(context)) return;
  const FlowQuery query = query_of(*context.packet);
  const Decision decision = classifier_->classify(query);
  for (std::uint8_t i = 0; i < decision.audit_count; ++i) {
    const Action action = classifier_->table().rules()[decision.audit[i]].action;
    if (action != Action::kDeny && action != Action::kReject) continue;
    audited_.add();
    report(context, query.tuple, decision.audit[i], true);
  }
  const bool midstream = is_midstream(*context.packet);
  const Decision other = midstream ? classifier_->classify(reversed(query)) : Decision{Action::kDeny};
  if (decision.allowed() || other.allowed()) {
    const bool left = inline_workers_ && !context.inline_mode && context.flow != nullptr;
    if (left && (inspects_inline(decision) || inspects_inline(other))) {
      context.flow->elsewhere = true;
      left_.add();
      return;
    }
    allowed_.add();
    return;
  }
  denied_.add();
  report(context, query.tuple, decision.rule, false);
}

bool PolicyInspector::inspects_inline(const Decision& decision) const {
  if (!decision.allowed()) return false;
  const std::vector<TableRule>& rules = classifier_->table().rules();
  const auto says_so = [&](std::uint32_t rule) { return rule != kNone && rules[rule].inspect_inline; };
  return says_so(decision.egress_rule) || says_so(decision.ingress_rule);
}

void PolicyInspector::report(pipeline::InspectContext& context, const FlowTuple& tuple, std::uint32_t rule,
                             bool audit) const {
  const decode::PacketView& packet = *context.packet;
  const TableRule& source = classifier_->table().rules()[rule];
  event::DropEvent e;
  e.reason = "policy";
  e.direction = context.direction;
  pipeline::fill_packet_fields(packet, e);
  if (packet.has_icmp_id) {
    e.is_icmp = true;
    e.icmp_id = packet.icmp_id;
    e.icmp_sequence = packet.icmp_sequence;
  }
  e.policy_rule = source.key;
  if (source.span.file) e.policy_file = source.span.file->name();
  e.policy_line = source.span.line;
  e.source_workload = workload_name(tuple.source);
  e.destination_workload = workload_name(tuple.destination);
  e.audit = audit;
  context.events->emplace_back(std::move(e));
}

std::string PolicyInspector::workload_name(const IpAddress& address) const {
  const PolicyTable& table = classifier_->table();
  const std::uint32_t index = table.workload_at(address);
  return index == kNone ? std::string() : table.workloads()[index].name;
}

void PolicyInspector::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("policy.flows_allowed", allowed_.value());
  out.emplace_back("policy.flows_denied", denied_.value());
  out.emplace_back("policy.flows_audited", audited_.value());
  out.emplace_back("policy.flows_left_to_inline", left_.value());
}

}  // namespace bulkhead::rules
