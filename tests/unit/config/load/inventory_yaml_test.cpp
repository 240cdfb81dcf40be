#include "config/load/inventory_yaml.h"

#include <gtest/gtest.h>

#include <sstream>

namespace bulkhead::config {
namespace {

std::shared_ptr<rules::Inventory> load(const std::string& text, Diagnostics& diagnostics) {
  const auto documents = read_yaml(std::make_shared<SourceFile>("inventory.yaml", text), diagnostics);
  return documents.empty() ? nullptr : load_inventory(documents[0], diagnostics);
}

TEST(InventoryYaml, EveryKey) {
  Diagnostics d;
  const auto inventory = load(R"(
cluster:
  namespaces: [{name: shop, labels: {team: red, empty: }}]
  nodes: [{name: n1, ips: [10.0.0.1, 'fd00::1'], labels: {zone: a}}]
  pods:
    - namespace: shop
      name: web
      node: n1
      labels: {app: web}
      ips: [10.1.0.2, 'fd00:1::2']
      interface: veth-web
      mac: '02:00:00:00:00:02'
      ports: [{proto: TCP, port: 80, name: http}, {port: 81}]
    - {name: agent, ips: [10.0.0.1], hostNetwork: yes}
  external: [{name: dns, ips: [192.0.2.53], dns: [resolver.example]}]
  services: []
)",
                              d);
  std::ostringstream text;
  d.print(text);
  ASSERT_EQ(d.error_count(), 0U) << text.str();
  ASSERT_EQ(inventory->workloads().size(), 2U);
  const rules::Workload& web = inventory->workloads()[0];
  EXPECT_EQ(web.full_name(), "shop/web");
  EXPECT_EQ(web.namespace_labels.at("team"), "red");
  EXPECT_EQ(web.namespace_labels.at("empty"), "");
  EXPECT_EQ(web.namespace_labels.at("kubernetes.io/metadata.name"), "shop");
  EXPECT_EQ(web.interface, "veth-web");
  EXPECT_EQ(web.mac->to_string(), "02:00:00:00:00:02");
  EXPECT_EQ(web.addresses.size(), 2U);
  ASSERT_EQ(web.ports.size(), 2U);
  EXPECT_EQ(web.ports[0].name, "http");
  EXPECT_EQ(web.ports[1].protocol, 6) << "TCP unless said otherwise";
  EXPECT_EQ(web.span.line, 6U);
  const rules::Workload& agent = inventory->workloads()[1];
  EXPECT_TRUE(agent.host_network);
  EXPECT_EQ(agent.name_space, "default");
  EXPECT_EQ(inventory->nodes()[0].labels.at("zone"), "a");
  EXPECT_EQ(inventory->external()[0].dns[0], "resolver.example");
}

TEST(InventoryYaml, ManyErrorsInOneRun) {
  Diagnostics d;
  const auto inventory = load(R"(
namespaces: [{name: a}, {name: a}]
pods:
  - {namespace: a, name: one, ips: [10.0.0.300], mac: 02:00, interface: a-name-that-is-too-long}
  - {namespace: a, name: two, ips: [10.0.0.2], lables: {app: x}}
  - {namespace: a, name: two, ips: [10.0.0.3]}
  - {namespace: a, name: three, ips: [10.0.0.2]}
  - {namespace: a, ips: [10.0.0.4]}
  - {namespace: a, name: four, ports: [{proto: TPC, port: 70000}, {proto: TCP}], labels: [x]}
services: [{name: s}]
nods: []
)",
                              d);
  std::vector<std::string> codes;
  for (const auto& x : d.all()) codes.push_back(x.code);
  EXPECT_EQ(codes,
            (std::vector<std::string>{"inventory.contradiction", "inventory.bad_address", "inventory.bad_mac",
                                      "inventory.bad_interface", "yaml.unknown_key", "inventory.contradiction",
                                      "inventory.contradiction", "yaml.missing_key", "yaml.wrong_type",
                                      "yaml.bad_value", "yaml.out_of_range", "yaml.missing_key", "yaml.unknown_key"}));
  EXPECT_EQ(d.all()[4].hint, "did you mean \"labels\"?");
  EXPECT_EQ(d.all().back().hint, "did you mean \"nodes\"?");
  EXPECT_EQ(inventory->workloads().size(), 3U) << "one, two, four";
}

TEST(InventoryYaml, Files) {
  Diagnostics d;
  EXPECT_TRUE(load_inventory_file("/nonexistent.yaml", d)->workloads().empty());
  EXPECT_EQ(d.error_count(), 1U);
}

}  // namespace
}  // namespace bulkhead::config
