#include "signatures/keywords/variable_test.h"

#include "signatures/keywords/pattern.h"

namespace bulkhead::signatures {

std::optional<VariableTest> parse_variable_test(RuleBuilder& builder, const Option& option) {
  const std::size_t comma = option.value.find(',');
  if (comma == option.value.npos) {
    builder.error(option.value, "signature.variable_test.syntax", "expected a name, a comma and bytes");
    return std::nullopt;
  }
  const std::string_view name = trim_blanks(option.value.substr(0, comma));
  std::string_view text = trim_blanks(option.value.substr(comma + 1));
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (name.empty() || text.empty()) {
    builder.error(option.value, "signature.variable_test.syntax", "expected a name, a comma and bytes");
    return std::nullopt;
  }
  auto bytes = decode_pattern(builder, text);
  if (!bytes) return std::nullopt;
  return VariableTest{builder.names().captures.id(name), std::move(*bytes)};
}

}  // namespace bulkhead::signatures
