#include "rules/reconcile/session_cutter.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "rules/nft/admitted_flows.h"

namespace bulkhead::rules {

namespace {

constexpr std::uint16_t kFirstEphemeral = 32768;  // Linux: net.ipv4.ip_local_port_range

FlowQuery query_of(const Connection& connection) {
  FlowQuery out;
  out.tuple = connection.flow;
  out.icmp_type = connection.icmp_type;
  out.icmp_code = connection.icmp_code;
  // A connection to oneself that the node sees went through a service.
  out.through_service = connection.flow.source == connection.flow.destination;
  return out;
}

bool is_answer_like(const FlowTuple& flow) {
  return flow.source_port < kFirstEphemeral && flow.destination_port >= kFirstEphemeral;
}

FlowQuery reversed(FlowQuery query) {
  std::swap(query.tuple.source, query.tuple.destination);
  std::swap(query.tuple.source_port, query.tuple.destination_port);
  return query;
}

}  // namespace

std::vector<Connection> refused_connections(const std::vector<Connection>& connections,
                                            const SessionQuestion& must_end) {
  std::vector<Connection> out;
  std::set<std::vector<Byte>> masters;
  for (const Connection& connection : connections) {
    if (!connection.master.empty()) continue;  // as its master
    const FlowQuery query = query_of(connection);
    const bool guessed = connection.picked_up && is_answer_like(connection.flow);
    if (!must_end(query) && !(guessed && must_end(reversed(query)))) continue;
    masters.insert(connection.tuple);
    out.push_back(connection);
  }
  for (const Connection& connection : connections) {
    if (!connection.master.empty() && masters.contains(connection.master)) out.push_back(connection);
  }
  return out;
}

std::optional<FlowQuery> flow_of_element(IpFamily version, const NftElement& element) {
  const std::size_t address = version == IpFamily::kV4 ? 4 : 16;
  if (element.key.size() != address * 2 + 12) return std::nullopt;
  const Byte* p = element.key.data();
  const auto read = [&](const Byte* at) { return version == IpFamily::kV4 ? IpAddress::v4(at) : IpAddress::v6(at); };
  FlowQuery out;
  out.tuple.source = read(p);
  out.tuple.destination = read(p + address);
  out.tuple.protocol = p[address * 2];
  if (out.is_icmp()) {
    out.icmp_type = version == IpFamily::kV4 ? 8 : 128;  // what is followed are echo requests
  } else {
    out.tuple.source_port = load_be16(p + address * 2 + 4);
    out.tuple.destination_port = load_be16(p + address * 2 + 8);
  }
  return out;
}

Status SessionCutter::cut_followed(IpFamily version, const SessionQuestion& must_end, CutReport& report) {
  const std::string set = version == IpFamily::kV4 ? "flows4" : "flows6";
  auto elements = transport_.dump_elements(NftFamily::kBridge, table_, set);
  if (!elements && elements.error().code == ENOENT) return ok();  // conntrack sees this family
  if (!elements) return elements.error();
  NftCommand command;
  command.op = NftOp::kDeleteElements;
  command.family = NftFamily::kBridge;
  command.table = table_;
  command.name = set;
  for (NftElement& element : *elements) {
    const auto flow = flow_of_element(version, element);
    ++report.seen;
    if (flow && must_end(*flow)) command.set.elements.push_back(std::move(element));
  }
  if (command.set.elements.empty()) return ok();
  report.cut += command.set.elements.size();
  Status status = transport_.apply({command});
  if (status || status.error().code != ENOENT) return status;
  // One of them ended meanwhile, and the batch with it: one by one.
  for (const NftElement& element : command.set.elements) {
    NftCommand single = command;
    single.set.elements = {element};
    status = transport_.apply({single});
    if (!status && status.error().code != ENOENT) return status;
  }
  return ok();
}

Result<CutReport> SessionCutter::cut(const SessionQuestion& must_end) {
  CutReport report;
  auto connections = conntrack_.dump();
  if (!connections) return connections.error();
  report.seen = connections->size();
  const auto cut = conntrack_.remove(refused_connections(*connections, must_end));
  if (!cut) return cut.error();
  report.cut = *cut;
  for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
    if (auto status = cut_followed(version, must_end, report); !status) return status.error();
  }
  if (auto status = forget_admitted(transport_, table_); !status) return status.error();
  return report;
}

}  // namespace bulkhead::rules
