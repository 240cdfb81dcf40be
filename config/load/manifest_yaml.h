// Kubernetes manifests as policies: NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy and
// ClusterNetworkPolicy, one document each or a List of them.
//
//   kind                        apiVersion                            becomes policy      of the tier
//   NetworkPolicy               networking.k8s.io/v1                  np:NAMESPACE/NAME   kind NetworkPolicy
//   AdminNetworkPolicy          policy.networking.k8s.io/v1alpha1     anp:NAME            maps Admin
//   BaselineAdminNetworkPolicy  policy.networking.k8s.io/v1alpha1     banp:default        maps Baseline
//   ClusterNetworkPolicy        policy.networking.k8s.io/v1alpha1, 2  cnp:NAME            maps Admin or Baseline
//
// Rules    what the API server would refuse is refused, with line and reason; unknown fields too, since a
//          misspelt one opens or closes silently. One exception, by the text of the cluster API: a peer of
//          an unknown kind fails closed (Accept matches nothing; Deny and Pass become deny-all, with a warning).
//          Other kinds are left out with a warning; kinds of other policy APIs are errors.
// Thread   control thread. Errors  Diagnostics manifest.*, yaml.*; nothing is returned for a bad manifest.
// Source   networking.k8s.io/v1; kubernetes-sigs/network-policy-api apis/v1alpha1, v1alpha2.
// Tests    tests/unit/config/load/manifest_yaml_test.cpp, tests/policy/cases.py, tests/fuzz/fuzz_manifest.cpp
#pragma once

#include <vector>

#include "config/yaml/yaml_reader.h"
#include "rules/model/policy.h"

namespace bulkhead::config {

// Whether a document claims to be a Kubernetes object.
[[nodiscard]] bool is_manifest(const YamlNode& document);
// Appends the policies of one document. Their tier is the mapping's word until the tiers are known:
// "NetworkPolicy", "Admin" or "Baseline".
void read_manifest(const YamlNode& document, Diagnostics& diagnostics, std::vector<rules::Policy>& out);

}  // namespace bulkhead::config
