#include "config/daemon/audit_sink.h"

#include "datapath/output/protocol_names.h"

namespace bulkhead::config {

void AuditSink::write(const event::Event& event) {
  const auto* block = std::get_if<event::BlockEvent>(&event);
  if (block == nullptr) return;
  const FlowTuple& t = block->header.tuple;
  nlohmann::json data{{"action", block->action}, {"kind", block->kind}, {"src_ip", t.source.to_string()},
                      {"reason", block->reason}, {"sid", block->sid},   {"ttl", block->ttl.count()}};
  if (t.destination.is_set()) data["dest_ip"] = t.destination.to_string();
  if (t.protocol != 0) {
    output::NumberText buffer{};
    data["proto"] = output::protocol_name(t.protocol, buffer);
  }
  if (block->header.has_ports) {
    data["src_port"] = t.source_port;
    data["dest_port"] = t.destination_port;
  }
  if (!block->error.empty()) data["error"] = block->error;
  log_.append("block", data);
}

output::SinkHealth AuditSink::health() const {
  return {log_.records(), 0, log_.lost(), {}};
}

}  // namespace bulkhead::config
