// Kubernetes manifests: what is accepted has policies whose rules print as sentences that the native format
// reads again (peers without a sentence apart), and that compile.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "config/load/policy_yaml.h"
#include "datapath/base/check.h"
#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace {

bool has_sentence(const bulkhead::rules::PolicyRule& rule) {
  for (const auto& peer : rule.peers) {
    // The API takes more names than a sentence does ("a.b" reads as no name there).
    if (peer.kind == bulkhead::rules::Peer::Kind::kNothing || peer.kind == bulkhead::rules::Peer::Kind::kDnsName) {
      return false;
    }
    // Values may be empty inside a list, which no sentence can say.
    for (const auto& r : peer.selector.all) {
      for (const auto& value : r.values) {
        if (value.empty()) return false;
      }
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulkhead;
  if (size > 1 << 14) return 0;
  Diagnostics diagnostics;
  const auto file = std::make_shared<SourceFile>("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  const rules::PolicyModel model = config::load_policies(config::read_yaml(file, diagnostics), diagnostics);
  if (diagnostics.has_errors()) return 0;
  for (const rules::Policy& policy : model.policies) {
    for (const rules::FlowEnd end : {rules::FlowEnd::kIngress, rules::FlowEnd::kEgress}) {
      for (const rules::PolicyRule& rule : policy.rules(end)) {
        if (!has_sentence(rule)) continue;
        const auto again = rules::parse_rule(rule.to_string(), end);
        BULKHEAD_CHECK(std::holds_alternative<rules::PolicyRule>(again));
        BULKHEAD_CHECK(std::get<rules::PolicyRule>(again).to_string() == rule.to_string());
      }
    }
  }
  (void)rules::compile_policies(model, std::make_shared<rules::Inventory>(), diagnostics);
  return 0;
}
