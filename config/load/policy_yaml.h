// Policy files: any number of documents, each a policy in the native format, a set of addresses, the list
// of tiers, or a Kubernetes manifest (manifest_yaml.h).
//
//   policy: payments             # name, unique
//   tier: platform               # default platform
//   order: 20                    # in the tier; equal orders are refused; none: after all others
//   mode: enforce                # enforce | audit
//   expires: 2026-01-01T12:00:00Z
//   sessions: cut-denied         # keep | cut | cut-denied
//   for: ns=pay app in (api, worker)
//   ingress:
//     - allow from ns=web app=gateway on tcp/8443
//     - {deny: {from: any, log: pay-in}}       # map form: from/to, ports, icmp, log, limit
//   egress: [...]
//   ---
//   set: offices
//   of: [192.0.2.0/24 !192.0.2.9, ns=vpn]
//   ---
//   tiers: [{name: security, end: pass, maps: Admin}, {name: apps, end: pass, kind: NetworkPolicy}]
//
// The written reference is rules/FORMAT.md; its examples are executed by a test.
// Thread   control thread.
// Errors   Diagnostics policy.*, manifest.* and yaml.*, all of a run; a policy with an error is left out,
//          so the caller must not load the model when there are errors.
// Tests    tests/unit/config/load/policy_yaml_test.cpp, tests/unit/config/load/manifest_yaml_test.cpp
#pragma once

#include <string>
#include <vector>

#include "config/yaml/yaml_reader.h"
#include "rules/model/policy.h"

namespace bulkhead::config {

[[nodiscard]] rules::PolicyModel load_policies(const std::vector<YamlNode>& documents, Diagnostics& diagnostics);
// Of files, and of texts that are named instead (objects of a cluster).
struct NamedText {
  std::string name, text;
};
[[nodiscard]] rules::PolicyModel load_policy_files(const std::vector<std::string>& paths, Diagnostics& diagnostics,
                                                   const std::vector<NamedText>& texts = {});

}  // namespace bulkhead::config
