#include "datapath/app/probe_table.h"

#include <algorithm>

#include "datapath/app/protocol_table.h"

namespace bulkhead::app {
namespace {

constexpr std::size_t kFewBytes = 16;

bool may_begin(const Protocol& protocol, Direction d, unsigned first) {
  const auto& bytes = protocol.first_bytes[bulkhead::index_of(d)];
  return !bytes || bytes->find(static_cast<char>(first)) != std::string_view::npos;
}

}  // namespace

ProbeTable::ProbeTable(const AppSettings& settings) {
  const auto wanted = [&](AppProtocol id) { return settings.enabled[index_of(id)]; };
  for (const bool own : {false, true}) {
    for (const bool tcp : {false, true}) {
      for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
        for (unsigned first = 0; first < 256; ++first) {
          std::vector<Entry>& list = lists_[tcp ? 1 : 0][bulkhead::index_of(d)][first];
          for (const Protocol* protocol : all_protocols()) {
            if (is_own_name(protocol->id) != own || !wanted(protocol->id)) continue;
            if (protocol->probe == nullptr && (tcp || protocol->probe_datagram == nullptr)) continue;
            if (!(tcp ? protocol->over_tcp : protocol->over_udp)) continue;
            if ((tcp ? settings.not_over_tcp : settings.not_over_udp)[index_of(protocol->id)]) continue;
            if (!may_begin(*protocol, d, first)) continue;
            list.push_back({protocol->id, own, protocol, nullptr});
          }
          for (const KnownPattern& pattern : known_patterns()) {
            if (is_own_name(pattern.id) != own || !wanted(pattern.id) || pattern.tcp != tcp || pattern.direction != d) {
              continue;
            }
            if (pattern.starts_with(static_cast<Byte>(first))) list.push_back({pattern.id, own, nullptr, &pattern});
          }
        }
      }
    }
  }
}

Recognised ProbeTable::find(const FlowTuple& client, Direction d, ByteSpan data, bool own_names) const {
  if (data.empty()) return {};
  const bool tcp = client.protocol == ip_proto::kTcp;
  bool shared_more = false, own_more = false;
  for (const Entry& entry : lists_[tcp ? 1 : 0][bulkhead::index_of(d)][data[0]]) {
    if (entry.own && !own_names) break;
    const Probe answer = ask(entry, client, d, data);
    // An own name waits for the ecosystem's at the very start, not for other own ones.
    if (answer == Probe::kYes) return {entry.id, entry.own && shared_more && data.size() < kFewBytes, entry.protocol};
    (entry.own ? own_more : shared_more) |= answer == Probe::kMore;
  }
  return {AppProtocol::kUnknown, shared_more || own_more, nullptr};
}

Probe ProbeTable::ask(const Entry& entry, const FlowTuple& client, Direction d, ByteSpan data) {
  if (entry.protocol == nullptr) return entry.pattern->probe(data, client.destination_port);
  return ask(*entry.protocol, client, d, data);
}

Probe ProbeTable::ask(const Protocol& protocol, const FlowTuple& client, Direction d, ByteSpan data) {
  if (client.protocol != ip_proto::kTcp && protocol.probe_datagram != nullptr) {
    return protocol.probe_datagram({d, data, client.source_port, client.destination_port});
  }
  return protocol.probe != nullptr ? protocol.probe(d, data, client.destination_port) : Probe::kNo;
}

}  // namespace bulkhead::app
