// Events as EVE JSON, one object a line: field names, order and formats of Suricata 7 for alert, anomaly,
// drop, flow, netflow and stats, and `block` events of our own (README.md lists the fields, eve_schema.json
// describes them).
//
// Thread   one. The buffer is reused: no allocation per event once it has grown.
// Out      format(): the line (two for netflow in both directions, none for a type that is off), each ended
//          by '\n', valid until the next call.
// Text     output is always valid UTF-8. A string that is not well-formed UTF-8 is written with each byte
//          outside of printable ASCII as the text \xNN (in JSON "\\xNN"), as Suricata does.
// Workload {"source": {...}, "destination": {...}}: at the end of a record with addresses, for those that are known.
// Errors   none: every event can be written.
// Tests    tests/unit/datapath/output/eve_json_test.cpp
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datapath/event/event.h"
#include "datapath/output/community_id.h"
#include "datapath/output/eve_settings.h"
#include "datapath/output/workload_names.h"

namespace bulkhead::output {

class EveJson {
 public:
  // `workloads` may be null: records then name none. It outlives this.
  explicit EveJson(EveSettings settings, WorkloadNames* workloads = nullptr);

  [[nodiscard]] std::string_view format(const event::Event& event);

 private:
  using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

  void write(const event::AlertEvent& e);
  void write(const event::FlowEvent& e);
  void write(const event::DropEvent& e);
  void write(const event::AnomalyEvent& e);
  void write(const event::BlockEvent& e);
  void write(const event::PacketEvent& e);
  void write(const event::StatsEvent& e);
  void write(const event::AppEvent& e);
  void write(std::monostate) {}
  void write_flow(const event::FlowEvent& e);
  void write_netflow(const event::FlowEvent& e, Direction direction);

  // Parts of events.
  void begin(const event::EventHeader& header, std::string_view type);
  void begin(const event::EventHeader& header, std::string_view type, const FlowTuple& tuple);
  void end();
  void workloads();
  void tuple_fields(const FlowTuple& tuple, bool ports);
  void app_protocol(const event::EventHeader& header);
  void ether(const event::EventHeader& header);
  void ether_of_flow(const event::FlowEvent& e, bool swapped);
  void community_id(const event::EventHeader& header);
  void flow_metadata(const event::FlowMetadata* metadata);
  void traffic(const event::FlowMetadata& metadata);
  void alert_object(const event::SignatureInfo& signature, bool blocked, const event::EventHeader& header,
                    std::uint8_t target, std::string_view forwarded_for = {});
  void rule_metadata(const event::SignatureInfo& signature);
  void tunnel(const event::TunnelInfo& tunnel);
  void flow_so_far(const event::FlowSummary& flow, bool ports);
  void payload(const event::AlertEvent& e);
  void packet(std::string_view bytes, std::uint16_t link_type);
  void verdict(const event::VerdictInfo& verdict);
  void drop_object(const event::DropEvent& e);
  void policy(const event::DropEvent& e);
  void tcp_flags(std::uint8_t flags);
  void counters(const event::CounterList& list, std::string_view thread);
  void counter(std::string_view full, std::size_t begin, std::uint64_t value, std::string_view thread);

  // Fields.
  void key(std::string_view name) { json_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()), false); }
  void text(std::string_view value);  // any bytes
  void ascii(std::string_view value) {
    json_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()), false);
  }
  void base64(std::string_view bytes);
  void field(std::string_view name, std::uint64_t value);
  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
  void flag(std::string_view name, bool value);
  void raw_field(std::string_view name, std::string_view json);
  void time_field(std::string_view name, Timestamp time);
  void address_field(std::string_view name, const IpAddress& address);
  void hex_field(std::string_view name, std::uint8_t value);
  [[nodiscard]] std::string_view interface_name(std::uint32_t index);

  const EveSettings settings_;
  rapidjson::StringBuffer buffer_;
  Writer json_;
  std::string scratch_;
  std::vector<std::pair<std::string_view, std::string_view>> metadata_;  // sorted by key
  std::unordered_map<std::string, std::uint64_t> counted_;  // as last written, by thread and name: for differences
  CommunityId community_id_;
  std::vector<std::pair<std::uint32_t, std::string>> interfaces_;
  WorkloadNames* const workloads_;
  IpAddress source_, destination_;  // of the record under way, as logged
};

}  // namespace bulkhead::output
