// The counters of a worker under the names of EVE's stats event.
#include "datapath/io/kernel_bypass.h"
#include "datapath/pipeline/worker.h"

namespace bulkhead::pipeline {

namespace {

constexpr std::array<std::string_view, 4> kFlowStates = {"new", "established", "closed", "local_bypassed"};

}  // namespace

void Worker::count_end(const flow::Flow& flow) {
  counters_.ended_in_state[static_cast<std::size_t>(flow.state)].add();
  if (flow.state == flow::FlowState::kBypassed) counters_.bypassed_ended.add();
  const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session != nullptr) counters_.ended_in_tcp_state[static_cast<std::size_t>(session->state())].add();
}

// Largest values and averages: sum_stats() treats them by their names.
void Worker::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  const auto put = [&](std::string name, const Counter& counter) {
    out.emplace_back(std::move(name), counter.value());
  };
  const decode::DecodeCounters& d = decoder_.counters();
  put("decoder.pkts", d.packets);
  put("decoder.bytes", d.bytes);
  put("decoder.avg_pkt_size", Counter());  // sum_stats() divides
  put("decoder.max_pkt_size", counters_.largest_packet);
  put("decoder.max_mac_addrs_src", counters_.most_client_macs);
  put("decoder.max_mac_addrs_dst", counters_.most_server_macs);
  put("decoder.invalid", d.invalid);
  put("decoder.ipv4", d.ipv4);
  put("decoder.ipv6", d.ipv6);
  put("decoder.ethernet", d.ethernet);
  put("decoder.arp", d.arp);
  put("decoder.unknown_ethertype", d.unknown_ethertype);
  put("decoder.chdlc", d.chdlc);
  put("decoder.raw", d.raw);
  put("decoder.null", d.null);
  put("decoder.sll", d.sll);
  put("decoder.tcp", d.tcp);
  put("decoder.udp", d.udp);
  put("decoder.sctp", d.sctp);
  put("decoder.esp", d.esp);
  put("decoder.icmpv4", d.icmpv4);
  put("decoder.icmpv6", d.icmpv6);
  put("decoder.ppp", d.ppp);
  put("decoder.pppoe", d.pppoe);
  put("decoder.geneve", d.geneve);
  put("decoder.gre", d.gre);
  put("decoder.vlan", d.vlan);
  put("decoder.vlan_qinq", d.vlan_qinq);
  put("decoder.vlan_qinqinq", d.vlan_qinqinq);
  put("decoder.vntag", d.vntag);
  put("decoder.vxlan", d.vxlan);
  put("decoder.ieee8021ah", d.ieee8021ah);
  put("decoder.teredo", d.teredo);
  put("decoder.ipv4_in_ipv4", d.ipv4_in_ipv4);
  put("decoder.ipv6_in_ipv4", d.ipv6_in_ipv4);
  put("decoder.ipv4_in_ipv6", d.ipv4_in_ipv6);
  put("decoder.ipv6_in_ipv6", d.ipv6_in_ipv6);
  put("decoder.mpls", d.mpls);
  put("decoder.erspan", d.erspan);
  put("decoder.nsh", d.nsh);
  put("decoder.too_many_layers", d.too_many_layers);
  for (std::size_t i = 0; i < decode::kDecodeEventCount; ++i) {
    put("decoder.event." + std::string(decode::info(static_cast<decode::DecodeEvent>(i)).name), d.events[i]);
  }

  const defrag::DefragCounters& f = defrag_.counters();
  put("defrag.ipv4.fragments", f.ipv4_fragments);
  put("defrag.ipv4.reassembled", f.ipv4_reassembled);
  put("defrag.ipv4.timeouts", f.ipv4_timeouts);
  put("defrag.ipv6.fragments", f.ipv6_fragments);
  put("defrag.ipv6.reassembled", f.ipv6_reassembled);
  put("defrag.ipv6.timeouts", f.ipv6_timeouts);
  put("defrag.max_frag_hits", f.max_fragments_hit);
  put("defrag.max_trackers_hit", f.max_trackers_hit);
  put("defrag.memcap", f.memcap_hit);

  const flow::FlowCounters& w = flows_->counters();
  put("flow.total", w.total);
  put("flow.active", w.active);
  put("flow.tcp", w.tcp);
  put("flow.udp", w.udp);
  put("flow.icmpv4", w.icmpv4);
  put("flow.icmpv6", w.icmpv6);
  put("flow.sctp", w.sctp);
  put("flow.tcp_reuse", w.tcp_reuse);
  put("flow.get_used", w.ended_forced);  // ended early because the table was full
  out.emplace_back("flow.memuse", flows_->size() * sizeof(flow::Flow));
  for (std::size_t i = 0; i < kFlowStates.size(); ++i) {
    put("flow.end.state." + std::string(kFlowStates[i]), counters_.ended_in_state[i]);
  }
  for (std::size_t i = 0; i < counters_.ended_in_tcp_state.size(); ++i) {
    put("flow.end.tcp_state." + std::string(flow::name_of(static_cast<flow::TcpState>(i))),
        counters_.ended_in_tcp_state[i]);
  }
  if (settings_.kernel_bypass != nullptr) {  // never came to the ring
    put("flow_bypassed.pkts", counters_.kernel_packets);
    put("flow_bypassed.bytes", counters_.kernel_bytes);
    out.emplace_back("flow_bypassed.without_place", settings_.kernel_bypass->without_place());
  }
  put("flow_bypassed.local_pkts", counters_.bypassed_packets);
  put("flow_bypassed.local_bytes", counters_.bypassed_bytes);
  put("flow_bypassed.closed", counters_.bypassed_ended);
  put("flow.end.timeout", w.ended_timeout);
  put("flow.end.forced", w.ended_forced);
  put("flow.end.shutdown", w.ended_shutdown);

  const stream::StreamCounters& t = tcp_->counters();
  put("tcp.sessions", t.sessions);
  put("tcp.ssn_memcap_drop", t.session_memcap_drops);
  put("tcp.pseudo", t.pseudo);
  put("tcp.invalid_checksum", t.invalid_checksum);
  put("tcp.syn", t.syn);
  put("tcp.synack", t.synack);
  put("tcp.rst", t.rst);
  put("tcp.midstream_pickups", t.midstream_pickups);
  put("tcp.segment_memcap_drop", t.reassembly_memcap_drops);
  put("tcp.reassembly_gap", t.gaps);
  put("tcp.stream_depth_reached", t.depth_reached);
  put("tcp.ack_unseen_data", t.acknowledged_unseen);
  put("tcp.urg", t.urgent);
  put("tcp.urgent_oob_data", t.urgent_taken_out);
  put("tcp.overlap", t.overlaps);
  put("tcp.overlap_diff_data", t.overlap_conflicts);
  put("tcp.memuse", t.memory_bytes);
  put("tcp.reassembly_memuse", t.reassembly_memory_bytes);
  for (std::size_t i = 0; i < stream::kStreamEventCount; ++i) {
    put("stream." + std::string(stream::counter_name(static_cast<stream::StreamEvent>(i))), t.events[i]);
  }

  const WorkerCounters& c = counters_;
  put("detect.alert", c.alerts);
  put("detect.alert_queue_overflow", c.alert_queue_overflow);
  put("detect.alerts_suppressed", c.alerts_silent);
  if (settings_.inline_mode) {
    put("ips.accepted", c.accepted);
    put("ips.blocked", c.blocked);
    put("ips.rejected", c.rejected);
    for (std::size_t i = 1; i < c.drops.size(); ++i) {
      put("ips.drop_reason." + std::string(names_of(static_cast<DropReason>(i)).counter), c.drops[i]);
    }
  }
  for (std::size_t i = 0; i < kExceptionCount; ++i) {
    const std::string name(names_of(static_cast<Exception>(i)).counter);
    for (std::size_t p = 0; p < kExceptionPolicyCount; ++p) {
      const Counter& counter = c.exceptions[i][p];
      if (counter.value() != 0) put(name + std::string(name_of(static_cast<ExceptionPolicy>(p))), counter);
    }
  }
  put("response.block_requests", c.block_requests);
  app_->add_stats(out);
  const std::lock_guard lock(inspectors_mutex_);
  out.insert(out.end(), retired_stats_.begin(), retired_stats_.end());
  for (const auto& inspector : inspectors_) inspector->add_stats(out);
}

}  // namespace bulkhead::pipeline
