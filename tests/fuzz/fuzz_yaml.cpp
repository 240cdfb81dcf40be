// YAML text to our tree, then through the policy and inventory loaders: never throws, never loops, and
// what it accepts compiles.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "config/load/inventory_yaml.h"
#include "config/load/policy_yaml.h"
#include "config/yaml/yaml_reader.h"
#include "rules/compile/policy_compiler.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulkhead;
  Diagnostics diagnostics;
  config::YamlLimits limits;
  limits.max_nodes = 20'000;
  const auto file = std::make_shared<SourceFile>("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size));
  const auto documents = config::read_yaml(file, diagnostics, limits);
  if (documents.empty()) return 0;
  const auto inventory = config::load_inventory(documents[0], diagnostics);
  Diagnostics of_policies;
  const rules::PolicyModel model = config::load_policies(documents, of_policies);
  if (!of_policies.has_errors()) static_cast<void>(rules::compile_policies(model, inventory, of_policies));
  for (const auto* list : {&diagnostics, &of_policies}) {
    for (const auto& d : list->all()) static_cast<void>(Diagnostics::format(d));
  }
  return 0;
}
