// Settings of the packet pipeline: those of its parts, and which events it makes.
#pragma once

#include <cstdint>

#include "datapath/app/app_settings.h"
#include "datapath/decode/decode_settings.h"
#include "datapath/defrag/ip_defrag.h"
#include "datapath/flow/flow_settings.h"
#include "datapath/pipeline/exception_policy.h"
#include "datapath/pipeline/forwarded_for.h"
#include "datapath/stream/stream_settings.h"

namespace bulkhead::io {
class KernelBypass;
}

namespace bulkhead::pipeline {

// What the pipeline reports. Bytes of packets and payload are copied into an alert only when asked for.
struct ReportSettings {
  bool flow_events = true;
  bool decode_anomalies = false;
  bool stream_anomalies = false;
  // Which TCP packets get a stream_tcp record [eve.types.stream.*].
  bool stream_all = false, stream_events = false, stream_states = false, stream_retransmissions = false;
  enum class Drops : std::uint8_t { kNone, kStart, kAll };
  Drops drops = Drops::kNone;          // eve.types.drop.flows: first drop of a flow in each direction, or every packet
  bool drop_alerts = true;             // eve.types.drop.alerts: the rule stands in the drop event
  bool alert_payload = false;          // eve.types.alert.payload or payload-printable
  bool alert_packet = false;           // eve.types.alert.packet
  std::uint32_t payload_limit = 4096;  // eve.types.alert.payload-buffer-size
  bool alert_metadata = true;
  bool guess_transaction = false;     // detect.guess-applayer-tx: also for alerts that did not match in a stream
  bool ethernet = false;              // eve.ethernet
  bool include_packet_number = true;  // pcap_cnt: replay only
  ForwardedForSettings alert_xff;     // eve.types.alert.xff, else eve.xff
  ForwardedForSettings record_xff;    // eve.xff: records of transactions and files
};

struct PipelineSettings {
  decode::DecodeSettings decode;
  defrag::DefragSettings defrag;
  flow::FlowSettings flow;
  stream::StreamSettings stream;
  app::AppSettings app;
  ReportSettings report;
  ExceptionPolicies exceptions;
  bool inline_mode = false;                   // verdicts act on packets (IPS)
  bool checksum_auto = true;                  // replay: pcap-file.checksum-checks auto
  std::uint32_t batch_packets = 256;          // packets a worker takes at once
  io::KernelBypass* kernel_bypass = nullptr;  // taps: takes flows that are left alone; outlives the workers
  int nice = 0;                               // of live workers (base/scheduling.h)
};

}  // namespace bulkhead::pipeline
