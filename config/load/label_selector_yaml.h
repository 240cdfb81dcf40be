// LabelSelector of the Kubernetes API: matchLabels and matchExpressions, as requirements.
//
//   matchLabels: {app: web}          matchExpressions: [{key: tier, operator: In, values: [a, b]}]
//
// Rules    null and {} are the selector without requirements; the caller knows whether that means "all" or
//          "not given". Keys and values are checked as the API server does.
// Thread   control thread. Errors  Diagnostics manifest.selector.* and yaml.*.
// Tests    tests/unit/config/load/manifest_yaml_test.cpp
#pragma once

#include <string>
#include <vector>

#include "config/yaml/yaml_reader.h"
#include "rules/model/selector.h"

namespace bulkhead::config {

// Adds the requirements to `out`, all about `subject`.
void read_label_selector(const YamlNode& node, rules::Requirement::Subject subject, Diagnostics& diagnostics,
                         std::vector<rules::Requirement>& out);

// A text of a manifest. Plain words that YAML 1.1 reads as a number, a date or yes/no are refused, since the
// API server would: they have to stand in quotes.
[[nodiscard]] std::optional<std::string> manifest_text(const YamlNode& node, Diagnostics& diagnostics);

}  // namespace bulkhead::config
