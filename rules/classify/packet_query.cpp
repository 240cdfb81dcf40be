#include "rules/classify/packet_query.h"

#include <utility>

namespace bulkhead::rules {

using decode::PacketView;

namespace {

// Errors belong to the flow that they quote.
bool is_icmp_error(const PacketView& packet) {
  if (packet.has_icmp)
    return (packet.icmp_type >= 3 && packet.icmp_type <= 5) || packet.icmp_type == 11 || packet.icmp_type == 12;
  return packet.has_icmpv6 && packet.icmp_type >= 1 && packet.icmp_type <= 4;
}

}  // namespace

// A flow is judged once; packets of protocols without flows (GRE, OSPF ...) each.
bool is_judged(const pipeline::InspectContext& context) {
  const PacketView& packet = *context.packet;
  const bool wire = packet.origin == decode::PacketOrigin::kWire || packet.origin == decode::PacketOrigin::kDefragment;
  const bool first = context.flow != nullptr ? context.flow_is_new : !has_ports(packet.protocol);
  return first && wire && packet.is_ip() && !packet.invalid && packet.fragment_offset == 0 && !is_icmp_error(packet);
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

}  // namespace bulkhead::rules
