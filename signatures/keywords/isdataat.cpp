// isdataat: the payload has (or with '!' has not) a byte at this place.
//
//   isdataat:[!]N|variable[,relative[,rawbytes]]    N from 0 to 65535
//   content:"USER "; isdataat:100,relative;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  IsDataAtOp op;
  op.span = builder.span(option.text);
  std::string_view text = option.value;
  op.negated = text.starts_with('!');
  if (op.negated) text.remove_prefix(1);
  const auto parts = split(text, ',');
  const auto position = builder.value(parts[0], 0, 65535, "signature.isdataat");
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "relative") {
      op.relative = true;
    } else if (parts[i] == "rawbytes") {
      op.raw_bytes = true;
    } else {
      builder.error(parts[i].empty() ? option.value : parts[i], "signature.isdataat.option",
                    "expected relative or rawbytes");
      return;
    }
  }
  if (!position) return;
  op.position = *position;
  builder.payload(op.relative).emplace_back(op);
}

}  // namespace

const Keyword& keyword_isdataat() {
  static constexpr Keyword keyword{
      .name = "isdataat",
      .syntax = "isdataat:[!]N[,relative[,rawbytes]];",
      .help = "There is a byte at position N of the payload, or N bytes behind the match before.",
      .example = "content:\"USER \"; isdataat:100,relative; isdataat:!2000;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
