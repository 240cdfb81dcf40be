#include "rules/discovery/flow_request.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "rules/model/protocol_names.h"

namespace bulkhead::rules {

namespace {

TextProblem problem(std::string_view word, const char* code, std::string message, std::string hint = {}) {
  return {0, std::max<std::size_t>(word.size(), 1), code, std::move(message), std::move(hint)};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::optional<unsigned> number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::optional<TextProblem> read_icmp(std::string_view text, FlowRequest& out) {
  const std::size_t dot = text.find('.');
  const auto type = number(text.substr(0, dot), 255);
  const auto code = dot == std::string_view::npos ? std::optional<unsigned>(0) : number(text.substr(dot + 1), 255);
  if (!type || !code) return problem(text, "flow.bad_port", "\"" + std::string(text) + "\" is no ICMP type", "8, 3.4");
  out.icmp_type = static_cast<std::uint8_t>(*type);
  out.icmp_code = static_cast<std::uint8_t>(*code);
  return std::nullopt;
}

const std::vector<IpAddress>* addresses_of(const Inventory& inventory, std::string_view name) {
  if (name.starts_with("node:")) {
    for (const Node& node : inventory.nodes()) {
      if (node.name == name.substr(5)) return &node.addresses;
    }
    return nullptr;
  }
  if (name.starts_with("ext:")) {
    for (const ExternalHost& host : inventory.external()) {
      if (host.name == name.substr(4)) return &host.addresses;
    }
    return nullptr;
  }
  const Workload* workload = inventory.workload_named(name);
  return workload == nullptr ? nullptr : &workload->addresses;
}

std::vector<std::string> known_names(const Inventory& inventory) {
  std::vector<std::string> out;
  for (const Workload& w : inventory.workloads()) out.push_back(w.full_name());
  for (const Node& n : inventory.nodes()) out.push_back("node:" + n.name);
  for (const ExternalHost& h : inventory.external()) out.push_back("ext:" + h.name);
  for (const Service& s : inventory.services()) out.push_back("svc:" + s.full_name());
  return out;
}

TextProblem unknown(const Inventory& inventory, const std::string& name) {
  const std::string near = nearest_word(name, known_names(inventory));
  return problem(name, "flow.unknown_end", "the inventory has no \"" + name + "\"",
                 near.empty() ? "NAMESPACE/NAME, node:NAME, ext:NAME, svc:NAMESPACE/NAME or an address"
                              : "did you mean \"" + near + "\"?");
}

// The one address of the family; unset: the end has none.
std::variant<IpAddress, TextProblem> address_of(const Inventory& inventory, const std::string& name, IpFamily family) {
  if (const auto literal = IpAddress::parse(name)) {
    return literal->family() == family ? *literal : IpAddress();
  }
  const std::vector<IpAddress>* addresses = addresses_of(inventory, name);
  if (addresses == nullptr) return unknown(inventory, name);
  for (const IpAddress& address : *addresses) {
    if (address.family() == family) return address;
  }
  return IpAddress();
}

// Where the workloads behind a service take what its port is asked for; 0: this one does not.
std::uint16_t target_port(const ServicePort& port, const Workload& workload) {
  if (port.target_name.empty()) return port.target;
  for (const WorkloadPort& own : workload.ports) {
    if (own.name == port.target_name && own.protocol == port.protocol) return own.port;
  }
  return 0;
}

std::vector<RequestedFlow> behind(const Inventory& inventory, const Service& service, const FlowRequest& request,
                                  const FlowTuple& tuple) {
  std::vector<RequestedFlow> out;
  for (const ServicePort& port : service.ports) {
    if (port.protocol != request.protocol || port.port != request.port) continue;
    for (const std::string& name : service.endpoints) {
      const Workload* workload = inventory.workload_named(name);
      if (workload == nullptr) continue;
      const auto address = std::find_if(workload->addresses.begin(), workload->addresses.end(),
                                        [&](const IpAddress& a) { return a.family() == request.family; });
      const std::uint16_t target = target_port(port, *workload);
      if (address == workload->addresses.end() || target == 0) continue;
      RequestedFlow flow{tuple, true};
      flow.tuple.destination = *address;
      flow.tuple.destination_port = target;
      out.push_back(flow);
    }
  }
  return out;
}

}  // namespace

std::optional<TextProblem> read_flow_words(std::string_view family, std::string_view protocol, std::string_view port,
                                           FlowRequest& out) {
  if (family != "4" && family != "6") {
    return problem(family, "flow.bad_family", "\"" + std::string(family) + "\" is no IP family", "4 or 6");
  }
  out.family = family == "4" ? IpFamily::kV4 : IpFamily::kV6;
  const auto known = protocol_number(lower(protocol));
  if (!known) {
    return problem(protocol, "flow.bad_protocol", "unknown protocol \"" + std::string(protocol) + "\"",
                   "TCP, UDP, SCTP, ICMP or a number");
  }
  // "ICMP" means that of the family.
  const bool icmp = *known == ip_proto::kIcmp || *known == ip_proto::kIcmpv6;
  out.protocol = !icmp ? *known : out.family == IpFamily::kV4 ? ip_proto::kIcmp : ip_proto::kIcmpv6;
  if (icmp) return read_icmp(port, out);
  const bool ports = *known == ip_proto::kTcp || *known == ip_proto::kUdp || *known == ip_proto::kSctp;
  const auto value = ports || !port.empty() ? number(port, 65535) : std::optional<unsigned>(0);
  if (!value) return problem(port, "flow.bad_port", "\"" + std::string(port) + "\" is no port of 0 to 65535");
  out.port = static_cast<std::uint16_t>(*value);
  return std::nullopt;
}

std::variant<std::vector<RequestedFlow>, TextProblem> requested_flows(const Inventory& inventory,
                                                                      const FlowRequest& request) {
  const auto source = address_of(inventory, request.from, request.family);
  if (const auto* wrong = std::get_if<TextProblem>(&source)) return *wrong;
  FlowTuple tuple;
  tuple.source = std::get<IpAddress>(source);
  tuple.protocol = request.protocol;
  const bool icmp = request.protocol == ip_proto::kIcmp || request.protocol == ip_proto::kIcmpv6;
  tuple.source_port = icmp ? 0 : request.source_port;
  tuple.destination_port = icmp ? 0 : request.port;
  const Service* service =
      request.to.starts_with("svc:") ? inventory.service_named(std::string_view(request.to).substr(4)) : nullptr;
  if (service == nullptr) {
    const auto destination = address_of(inventory, request.to, request.family);
    if (const auto* wrong = std::get_if<TextProblem>(&destination)) return *wrong;
    tuple.destination = std::get<IpAddress>(destination);
    if (!tuple.source.is_set() || !tuple.destination.is_set()) return std::vector<RequestedFlow>();
    return std::vector<RequestedFlow>{{tuple, false}};
  }
  if (!tuple.source.is_set()) return std::vector<RequestedFlow>();
  std::vector<RequestedFlow> flows = behind(inventory, *service, request, tuple);
  for (const IpAddress& address : service->addresses) {
    if (!flows.empty() || address.family() != request.family) continue;
    flows.push_back({tuple, false});
    flows.back().tuple.destination = address;
  }
  return flows;
}

}  // namespace bulkhead::rules
