// Policy files in the native format: any number of documents, each a policy or the list of tiers.
//
//   policy: payments             # name, unique
//   tier: platform               # default platform
//   order: 20                    # in the tier; equal orders are refused; none: after all others
//   mode: enforce                # enforce | audit
//   for: ns=pay app in (api, worker)
//   ingress:
//     - allow from ns=web app=gateway on tcp/8443
//     - {deny: {from: any, log: pay-in}}       # map form: from/to, ports, log
//   egress: [...]
//   ---
//   tiers: [{name: security, end: pass}, {name: platform, end: allow}]     # end: pass | allow | deny
//
// Thread   control thread.
// Errors   Diagnostics policy.* and yaml.*, all of a run; a policy with an error is left out, so the
//          caller must not load the model when there are errors.
// Tests    tests/unit/config/load/policy_yaml_test.cpp
#pragma once

#include <string>
#include <vector>

#include "config/yaml/yaml_reader.h"
#include "rules/model/policy.h"

namespace bulkhead::config {

[[nodiscard]] rules::PolicyModel load_policies(const std::vector<YamlNode>& documents, Diagnostics& diagnostics);
[[nodiscard]] rules::PolicyModel load_policy_files(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace bulkhead::config
