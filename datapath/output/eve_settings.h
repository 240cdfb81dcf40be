// What the operator sets about EVE JSON. The names in comments are those of suricata.yaml's eve-log section.
//
// Defaults are Suricata 7's shipped ones for the types that exist here, plus block events and drops by policy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead::output {

struct EveAlertSettings {
  bool enabled = true;
  bool payload = false;                    // payload: base64
  bool payload_printable = false;          // payload-printable
  std::size_t payload_buffer_size = 4096;  // payload-buffer-size: most bytes of stream data
  bool packet = false;                     // packet: the raw last packet, base64
  bool flow = true;                        // metadata.flow
  bool app_layer = true;                   // metadata.app-layer
  bool rule_metadata = true;               // metadata.rule.metadata
  bool rule_raw = false;                   // metadata.rule.raw
  bool references = false;                 // metadata.rule.reference
  bool tagged_packets = true;              // types.alert.tagged-packets: packet events
  bool verdict = false;                    // verdict
};

struct EveDropSettings {
  bool enabled = false;      // every drop
  bool policy = true;        // drops by segmentation policy, also when `enabled` is off
  bool alerts = false;       // alerts: the rule that dropped
  bool flows_start = false;  // flows: start; heeded by whoever makes the events, not by the writer
  bool verdict = false;      // verdict
};

struct EveAnomalySettings {
  bool enabled = true;
  bool decode = false;         // types.decode
  bool stream = false;         // types.stream
  bool applayer = true;        // types.applayer
  bool packet_header = false;  // packethdr: heeded by whoever makes the events
};

struct EveSettings {
  EveAlertSettings alert;
  EveDropSettings drop;
  EveAnomalySettings anomaly;
  bool flow = true;
  bool flow_exception_policy = false;  // types.flow.exception-policy
  bool netflow = false;                // two one-way records per flow
  bool block = true;
  bool stats = true;
  bool stats_totals = true;    // types.stats.totals
  bool stats_threads = false;  // types.stats.threads
  bool stats_deltas = false;   // types.stats.deltas

  bool metadata = true;       // metadata: flowbits, flowvars, flowints, traffic
  bool ethernet = false;      // ethernet
  bool community_id = false;  // community-id
  std::uint16_t community_id_seed = 0;
  bool pcap_file = false;  // pcap-file: pcap_filename in every event
  std::string pcap_file_name;
  std::vector<std::string> port_names;  // of DPDK, in the order of the settings (interface_index.h)
};

}  // namespace bulkhead::output
