// Policies and inventory as text, compiled: what the tests in namespaces begin with.
#pragma once

#include <memory>
#include <string>

#include "config/load/inventory_yaml.h"
#include "config/load/policy_yaml.h"
#include "rules/compile/policy_compiler.h"

namespace bulkhead::testing {

[[nodiscard]] inline rules::PolicyTablePtr compile_text(const std::string& inventory, const std::string& policies,
                                                        Diagnostics& diagnostics) {
  const auto file = [](const char* name, const std::string& text) { return std::make_shared<SourceFile>(name, text); };
  const auto documents = config::read_yaml(file("inventory.yaml", inventory), diagnostics);
  if (documents.empty()) return nullptr;
  const auto list = config::load_inventory(documents[0], diagnostics);
  const auto model = config::load_policies(config::read_yaml(file("policy.yaml", policies), diagnostics), diagnostics);
  return rules::compile_policies(model, list, diagnostics);
}

}  // namespace bulkhead::testing
