#include "rules/classify/policy_inspector.h"

#include <algorithm>

namespace bulkhead::rules {

std::unique_ptr<pipeline::Inspector> PolicyInspectorFactory::make(std::uint32_t) const {
  return std::make_unique<PolicyInspector>(classifier_);
}

void PolicyInspector::inspect(pipeline::InspectContext& context) {
  if (context.flow == nullptr || !context.flow_is_new) return;
  FlowQuery query;
  query.tuple = context.flow->client;
  query.icmp_type = context.packet->icmp_type;
  query.icmp_code = context.packet->icmp_code;
  const Decision decision = classifier_->classify(query);
  for (std::size_t i = 0; i < decision.audit_count; ++i) {
    audited_.add();
    report(context, decision.audit[i], true);
  }
  if (decision.allowed()) {
    allowed_.add();
    return;
  }
  denied_.add();
  report(context, decision.rule, false);
}

void PolicyInspector::report(pipeline::InspectContext& context, std::uint32_t rule, bool audit) const {
  event::DropEvent e;
  e.reason = "policy";
  e.direction = context.direction;
  e.audit = audit;
  const decode::PacketView& packet = *context.packet;
  e.ip_length = static_cast<std::uint16_t>(std::min<std::uint32_t>(packet.ip_total_length, 65535));
  e.tos = packet.tos;
  e.ttl = packet.ttl;
  e.ip_id = packet.fragment_id;
  if (packet.has_tcp) {
    e.is_tcp = true;
    e.tcp_seq = packet.tcp.seq;
    e.tcp_ack = packet.tcp.ack;
    e.tcp_window = packet.tcp.window;
    e.tcp_urgent = packet.tcp.urgent;
    e.tcp_flags = packet.tcp.flags;
  }
  if (packet.has_udp) {
    e.is_udp = true;
    e.udp_length = static_cast<std::uint16_t>(std::min<std::size_t>(packet.payload.size() + 8, 65535));
  }
  if (rule != kNone) {
    const TableRule& table_rule = classifier_->table().rules()[rule];
    e.policy_rule = table_rule.key;
    e.policy_file = table_rule.span.file ? table_rule.span.file->name() : std::string();
    e.policy_line = table_rule.span.line;
  }
  e.source_workload = workload_name(context.flow->client.source);
  e.destination_workload = workload_name(context.flow->client.destination);
  context.events->push_back(std::move(e));
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
}

}  // namespace bulkhead::rules
