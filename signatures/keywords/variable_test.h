// What flowvar and pktvar share: a capture by name and the bytes that must stand in it.
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/state_keywords_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

struct VariableTest {
  std::uint32_t variable = 0;
  std::string bytes;

  [[nodiscard]] bool holds(const std::vector<std::pair<std::uint32_t, std::string>>& captures) const {
    for (const auto& [id, text] : captures) {
      if (id == variable) return text.find(bytes) != std::string::npos;
    }
    return false;
  }
};

// "name,bytes" with bytes as in content, quoted or not; nullopt after an error.
[[nodiscard]] std::optional<VariableTest> parse_variable_test(RuleBuilder& builder, const Option& option);

}  // namespace bulkhead::signatures
