// flowvar: a capture of the flow (flow:NAME of pcre) holds these bytes.
//
//   flowvar:NAME,"bytes"      bytes as in content
//   flowvar:user,"admin";
#include "signatures/keywords/variable_test.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  auto test = parse_variable_test(builder, option);
  if (!test) return;
  builder.add_condition(option, [test = std::move(*test)](const MatchInput& input) {
    return input.variables != nullptr && test.holds(input.variables->captures);
  });
}

}  // namespace

const Keyword& keyword_flowvar() {
  static constexpr Keyword keyword{.name = "flowvar",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .syntax = "flowvar:NAME,\"bytes\";",
                                   .help = "A capture of the flow holds these bytes.",
                                   .example = "flowvar:user,\"admin\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
