#include "config/daemon/baseline_policy.h"

#include <algorithm>
#include <map>

#include "config/daemon/behaviour_thread.h"
#include "rules/model/selector.h"

namespace bulkhead::config {

namespace {

using rules::Workload;

// Labels that say who a workload is, the usual ones where it has them.
rules::Labels identity(const Workload& workload) {
  for (const char* key : {"app.kubernetes.io/name", "app", "k8s-app", "com.docker.compose.service"}) {
    const auto found = workload.labels.find(key);
    if (found != workload.labels.end()) return {*found};
  }
  return workload.labels;
}

std::string native_selector(const Workload& workload) {
  rules::Selector out;
  const auto require = [&](rules::Requirement::Subject subject, std::string key, std::string value) {
    rules::Requirement r;
    r.subject = subject;
    r.key = std::move(key);
    r.values = {std::move(value)};
    out.all.push_back(std::move(r));
  };
  if (!workload.name_space.empty()) require(rules::Requirement::Subject::kNamespace, "", workload.name_space);
  const rules::Labels labels = identity(workload);
  if (labels.empty()) require(rules::Requirement::Subject::kPod, "", workload.name);
  for (const auto& [key, value] : labels) require(rules::Requirement::Subject::kLabel, key, value);
  return out.to_string();
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string match_labels(const Workload& workload, const std::string& indent) {
  std::string out = indent + "matchLabels:\n";
  for (const auto& [key, value] : identity(workload)) out += indent + "  " + quoted(key) + ": " + quoted(value) + "\n";
  return out;
}

std::string port_text(const BaselineEdge& edge) {
  switch (edge.protocol) {
    case 6: return "tcp/" + std::to_string(edge.port);
    case 17: return "udp/" + std::to_string(edge.port);
    case 132: return "sctp/" + std::to_string(edge.port);
    case 1: return "icmp";
    case 58: return "icmpv6";
    default: return "";
  }
}

std::string evidence(const BaselineEdge& edge) {
  return std::to_string(edge.flows) + " flows in " + std::to_string(edge.windows) + " windows, " + edge.first + " to " +
         edge.last;
}

std::string policy_name(const std::string& server) {
  std::string out = "baseline-";
  for (const char c : server) out += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  return out;
}

std::string native_policy(const Workload& server, const std::string& name,
                          const std::vector<const BaselineEdge*>& edges,
                          const std::map<std::string, const Workload*>& workloads) {
  std::string out = "---\npolicy: " + policy_name(name) +
                    "\ntier: platform\nmode: audit\nfor: " + native_selector(server) + "\ningress:\n";
  for (const BaselineEdge* edge : edges) {
    const auto client = workloads.find(edge->client);
    const std::string from = client != workloads.end()   ? native_selector(*client->second)
                             : edge->client == "outside" ? "any"
                                                         : edge->client;
    out += "  - allow from " + from + " on " + port_text(*edge) + "  # " + evidence(*edge) + "\n";
  }
  return out + "  - deny from any\n";
}

std::string manifest(const Workload& server, const std::string& name, const std::vector<const BaselineEdge*>& edges,
                     const std::map<std::string, const Workload*>& workloads) {
  std::string out =
      "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: " + policy_name(name) +
      "\n  namespace: " + quoted(server.name_space) + "\nspec:\n  podSelector:\n" + match_labels(server, "    ") +
      "  policyTypes: [Ingress]\n  ingress:\n";
  for (const BaselineEdge* edge : edges) {
    const auto client = workloads.find(edge->client);
    out += "    - from:  # " + evidence(*edge) + "\n";
    if (client != workloads.end()) {
      out += "        - podSelector:\n" + match_labels(*client->second, "            ");
      if (client->second->name_space != server.name_space) {
        out += "          namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: " +
               quoted(client->second->name_space) + "\n";
      }
    } else if (edge->client == "outside") {
      out += "        - ipBlock: {cidr: 0.0.0.0/0}\n        - ipBlock: {cidr: \"::/0\"}\n";
    } else {
      const bool v6 = edge->client.find(':') != std::string::npos;
      out += "        - ipBlock: {cidr: \"" + edge->client + (v6 ? "/128" : "/32") + "\"}\n";
    }
    const char* protocol = edge->protocol == 6 ? "TCP" : edge->protocol == 17 ? "UDP" : "SCTP";
    out +=
        std::string("      ports:\n        - {protocol: ") + protocol + ", port: " + std::to_string(edge->port) + "}\n";
  }
  return out;
}

}  // namespace

std::string baseline_policies(const std::vector<BaselineEdge>& edges, const rules::Inventory& inventory,
                              BaselineFormat format) {
  std::map<std::string, const Workload*> workloads;
  for (const Workload& workload : inventory.workloads()) {
    if (!workload.host_network) workloads.try_emplace(owner_of(workload), &workload);
  }
  const bool native = format == BaselineFormat::kNative;
  std::map<std::string, std::vector<const BaselineEdge*>> by_server;
  std::vector<std::string> left_out;
  const auto leave = [&](const BaselineEdge& edge, const std::string& why) {
    left_out.push_back(edge.client + " -> " + edge.server + " " + port_text(edge) + ": " + why);
  };
  for (const BaselineEdge& edge : edges) {
    const auto server = workloads.find(edge.server);
    const auto client = workloads.find(edge.client);
    if (server == workloads.end()) {
      leave(edge, "the server is no workload that is known here");
    } else if (port_text(edge).empty() || (!native && edge.port == 0) ||
               (!native && (edge.protocol == 1 || edge.protocol == 58))) {
      leave(edge, "a protocol that such a policy cannot name");
    } else if (!native && (identity(*server->second).empty() ||
                           (client != workloads.end() && identity(*client->second).empty()))) {
      leave(edge, "a workload without labels cannot be selected");
    } else if (client == workloads.end() && edge.client != "outside" && !IpAddress::parse(edge.client)) {
      leave(edge, "the client is no workload that is known here");
    } else {
      by_server[edge.server].push_back(&edge);
    }
  }
  std::string out = "# learned by the running daemon; read it before you enforce it\n";
  for (const auto& [server, list] : by_server) {
    const Workload& workload = *workloads.at(server);
    out += native ? native_policy(workload, server, list, workloads) : manifest(workload, server, list, workloads);
  }
  if (!left_out.empty()) out += "# not said above:\n";
  for (std::string& line : left_out) {
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
    out += "#   " + line + "\n";
  }
  return out;
}

}  // namespace bulkhead::config
