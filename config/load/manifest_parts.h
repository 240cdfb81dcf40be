// What the readers of NetworkPolicy and of the cluster policies share.
//
// Thread   control thread. Errors  Diagnostics manifest.*. Tests  tests/unit/config/load/manifest_yaml_test.cpp
#pragma once

#include <cstdint>
#include <optional>

#include "config/yaml/yaml_reader.h"
#include "rules/model/policy.h"

namespace bulkhead::config {

// "10.0.0.0/8" with its mask, host bits allowed; octets may begin with zeros, as in the API.
[[nodiscard]] std::optional<IpPrefix> read_network(const YamlNode& node, Diagnostics& diagnostics);
// TCP, UDP or SCTP in capitals; absent or null: TCP.
[[nodiscard]] std::optional<std::uint8_t> read_protocol(YamlMap& map, Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::uint16_t> read_port_number(const YamlNode& node, Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::string> read_port_name(const YamlNode& node, Diagnostics& diagnostics);

// The spec of one kind into a policy that has its name and span.
void read_network_policy_spec(const YamlNode* spec, const std::string& name_space, Diagnostics& diagnostics,
                              rules::Policy& policy);
void read_admin_policy_spec(const YamlNode* spec, Diagnostics& diagnostics, rules::Policy& policy);
void read_cluster_policy_spec(const YamlNode* spec, Diagnostics& diagnostics, rules::Policy& policy);

}  // namespace bulkhead::config
