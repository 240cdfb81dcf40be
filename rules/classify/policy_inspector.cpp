#include "rules/classify/policy_inspector.h"

#include <algorithm>
#include <utility>

#include "datapath/pipeline/drop_fields.h"

namespace bulkhead::rules {

namespace {

using decode::PacketView;

// Errors belong to the flow that they quote.
bool is_icmp_error(const PacketView& packet) {
  if (packet.has_icmp)
    return (packet.icmp_type >= 3 && packet.icmp_type <= 5) || packet.icmp_type == 11 || packet.icmp_type == 12;
  return packet.has_icmpv6 && packet.icmp_type >= 1 && packet.icmp_type <= 4;
}

// A flow is judged once; packets of protocols without flows (GRE, OSPF ...) each.
bool is_judged(const pipeline::InspectContext& context) {
  const PacketView& packet = *context.packet;
  const bool wire = packet.origin == decode::PacketOrigin::kWire || packet.origin == decode::PacketOrigin::kDefragment;
  const bool first = context.flow != nullptr ? context.flow_is_new : !has_ports(packet.protocol);
  return first && wire && packet.is_ip() && !packet.invalid &&
         packet.fragment_offset == 0 && !is_icmp_error(packet);
}

FlowQuery query_of(const PacketView& packet) {
  FlowQuery query{packet.tuple(), packet.icmp_type, packet.icmp_code};
  if (query.is_icmp()) query.tuple.source_port = query.tuple.destination_port = 0;
  return query;
}

FlowQuery reversed(const FlowQuery& query) {
  FlowQuery out = query;
  std::swap(out.tuple.source, out.tuple.destination);
  std::swap(out.tuple.source_port, out.tuple.destination_port);
  return out;
}

// A connection picked up in its middle: either end may have opened it.
bool is_midstream(const PacketView& packet) {
  constexpr std::uint8_t kOpening = decode::tcp_flag::kSyn | decode::tcp_flag::kAck;
  return packet.has_tcp && (packet.tcp.flags & kOpening) != decode::tcp_flag::kSyn;
}

}  // namespace

std::unique_ptr<pipeline::Inspector> PolicyInspectorFactory::make(std::uint32_t /*worker*/) const {
  return std::make_unique<PolicyInspector>(classifier_);
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
  if (decision.allowed() || (is_midstream(*context.packet) && classifier_->classify(reversed(query)).allowed())) {
    allowed_.add();
    return;
  }
  denied_.add();
  report(context, query.tuple, decision.rule, false);
}

void PolicyInspector::report(pipeline::InspectContext& context, const FlowTuple& tuple, std::uint32_t rule,
                             bool audit) const {
  const PacketView& packet = *context.packet;
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
}

}  // namespace bulkhead::rules
