#include "bench/policy_bench/cluster.h"

#include <stdexcept>
#include <string>

#include "rules/model/rule_parser.h"

namespace bulkhead::bench {

using namespace rules;

namespace {

std::string app_name(unsigned app) {
  return "app" + std::to_string(app);
}
std::string namespace_name(unsigned number) {
  return "ns" + std::to_string(number);
}

PolicyRule parsed(const std::string& sentence, FlowEnd end) {
  auto rule = parse_rule(sentence, end);
  if (const auto* problem = std::get_if<TextProblem>(&rule))
    throw std::runtime_error(sentence + ": " + problem->message);
  return std::get<PolicyRule>(std::move(rule));
}

}  // namespace

Workload workload(unsigned number, unsigned replicas) {
  const unsigned application = number / replicas;
  Workload out;
  out.name = "w" + std::to_string(number);
  out.name_space = namespace_name(application / kAppsPerNamespace);
  out.labels = {{"app", app_name(application % kAppsPerNamespace)},
                {"version", "v" + std::to_string(number % 3)},
                {"tier", application % 2 == 0 ? "front" : "back"}};
  out.namespace_labels = {{"kubernetes.io/metadata.name", out.name_space}};
  out.node = "n1";
  out.interface = "veth" + std::to_string(number);
  // Every address but the last of each block of eight, so that ranges do not all merge into one.
  const unsigned host = number + number / 7 + 2;
  out.addresses = {IpAddress::v4(0x0a000000U + host)};
  Byte v6[16] = {0xfd, 0x77};
  store_be32(v6 + 12, host);
  out.addresses.push_back(IpAddress::v6(v6));
  return out;
}

std::shared_ptr<Inventory> inventory(unsigned workloads, unsigned replicas) {
  auto out = std::make_shared<Inventory>();
  Node node;
  node.name = "n1";
  node.addresses = {*IpAddress::parse("10.255.0.1"), *IpAddress::parse("fd77::ffff:1")};
  static_cast<void>(out->add_node(node));
  for (unsigned i = 0; i < workloads; ++i) {
    if (auto wrong = out->add_workload(workload(i, replicas))) throw std::runtime_error(*wrong);
  }
  return out;
}

PolicyModel policies(unsigned count) {
  PolicyModel out;
  out.tiers = PolicyModel::default_tiers();
  for (unsigned i = 0; i < count; ++i) {
    const std::string ns = namespace_name(i / kAppsPerNamespace);
    const unsigned app = i % kAppsPerNamespace;
    Policy policy;
    policy.name = "policy" + std::to_string(i);
    policy.tier = "platform";
    policy.order = i;
    policy.subject = std::get<Selector>(parse_selector("ns=" + ns + " app=" + app_name(app)));
    const std::string caller = app_name((app + 1) % kAppsPerNamespace),
                      gateway = app_name((app + 7) % kAppsPerNamespace);
    for (const std::string& text :
         {"allow from ns=" + ns + " app=" + caller + " on tcp/8080, tcp/8443, udp/9000",
          "allow from app=" + gateway + " tier=front on tcp/9000-9100", std::string("deny from any")}) {
      policy.ingress.push_back(parsed(text, FlowEnd::kIngress));
    }
    for (const std::string& text : {"allow to ns=" + ns, std::string("deny to 10.0.0.0/8 !10.0.0.0/28")}) {
      policy.egress.push_back(parsed(text, FlowEnd::kEgress));
    }
    out.policies.push_back(std::move(policy));
  }
  return out;
}

}  // namespace bulkhead::bench
