// The static inventory file.
//
//   namespaces: [{name: shop, labels: {team: red}}]
//   nodes:      [{name: n1, ips: [10.0.0.11, 'fd00::11'], labels: {}}]
//   pods:       [{namespace: shop, name: web, node: n1, labels: {app: web}, ips: [10.1.0.2, 'fd00:1::2'],
//                 interface: veth-web, mac: '02:00:00:00:00:02', hostNetwork: no,
//                 ports: [{proto: TCP, port: 80, name: http}]}]
//   external:   [{name: dns, ips: [192.0.2.53], dns: [resolver.example]}]
//   services:   [{namespace: shop, name: web, ips: [10.96.0.7], endpoints: [shop/web],
//                 ports: [{proto: TCP, port: 80, targetPort: 8080}]}]       # or the name of a container port
//
// Also     "workloads" for "pods", and all of it below one key "cluster". A namespace that is not listed exists without
// labels. Every namespace has the
//          label kubernetes.io/metadata.name.
// Thread   control thread. Errors  Diagnostics inventory.* and yaml.*; the good entries are kept.
// Tests    tests/unit/config/load/inventory_yaml_test.cpp
#pragma once

#include <memory>
#include <string>

#include "config/yaml/yaml_reader.h"
#include "rules/discovery/inventory.h"

namespace bulkhead::config {

[[nodiscard]] std::shared_ptr<rules::Inventory> load_inventory(const YamlNode& document, Diagnostics& diagnostics);
[[nodiscard]] std::shared_ptr<rules::Inventory> load_inventory_file(const std::string& path, Diagnostics& diagnostics);

}  // namespace bulkhead::config
