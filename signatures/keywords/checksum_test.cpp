#include "signatures/keywords/checksum_test.h"

namespace bulkhead::signatures {

void apply_checksum(RuleBuilder& builder, const Option& option, ChecksumQuestion applies, ChecksumQuestion bad) {
  const std::string word = to_lower(option.value);
  if (word != "valid" && word != "invalid") {
    builder.error(option.value, "signature.checksum.syntax", "expected valid or invalid");
    return;
  }
  builder.add_condition(option, [applies, bad, wanted = word == "invalid"](const MatchInput& input) {
    return applies(*input.packet) && bad(*input.packet) == wanted;
  });
}

}  // namespace bulkhead::signatures
