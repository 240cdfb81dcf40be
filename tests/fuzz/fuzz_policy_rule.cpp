// Rule sentences and selectors: never beyond the text, and what is accepted prints as a sentence that is
// accepted again and means the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "datapath/base/check.h"
#include "rules/model/rule_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulkhead::rules;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const FlowEnd end : {FlowEnd::kIngress, FlowEnd::kEgress}) {
    const auto parsed = parse_rule(text, end);
    if (const auto* wrong = std::get_if<TextProblem>(&parsed)) {
      BULKHEAD_CHECK(wrong->offset <= text.size() && wrong->length > 0);
      continue;
    }
    const PolicyRule& rule = std::get<PolicyRule>(parsed);
    const auto again = parse_rule(rule.to_string(), end);
    BULKHEAD_CHECK(std::holds_alternative<PolicyRule>(again));
    BULKHEAD_CHECK(std::get<PolicyRule>(again).to_string() == rule.to_string());
  }
  const auto selector = parse_selector(text);
  if (const auto* good = std::get_if<Selector>(&selector)) {
    const auto again = parse_selector(good->to_string());
    BULKHEAD_CHECK(std::holds_alternative<Selector>(again) && std::get<Selector>(again) == *good);
  }
  return 0;
}
