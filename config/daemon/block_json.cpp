#include "config/daemon/block_json.h"

#include "datapath/output/protocol_names.h"

namespace bulkhead::config {

nlohmann::json block_json(const rules::ActiveBlock& active) {
  const rules::Block& block = active.block;
  const FlowTuple& t = block.tuple;
  nlohmann::json out{{"kind", rules::to_string(block.kind)},
                     {"src_ip", t.source.to_string()},
                     {"ttl", block.ttl.count()},
                     {"expires_in", static_cast<double>(active.expires_in.count()) / 1e3},
                     {"reason", block.reason}};
  if (t.destination.is_set()) out["dest_ip"] = t.destination.to_string();
  if (block.kind == rules::BlockKind::kFlow) {
    output::NumberText buffer{};
    out["proto"] = output::protocol_name(t.protocol, buffer);
    if (has_ports(t.protocol)) {
      out["src_port"] = t.source_port;
      out["dest_port"] = t.destination_port;
    }
  }
  if (block.sid != 0) out["sid"] = block.sid;
  if (block.strike != 0) out["strike"] = block.strike;
  if (block.made_at != 0) out["made_at"] = block.made_at;
  return out;
}

}  // namespace bulkhead::config
