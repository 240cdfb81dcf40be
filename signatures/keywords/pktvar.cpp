// pktvar: a capture of the packet (pkt:NAME of pcre) holds these bytes.
//
//   pktvar:NAME,"bytes"      bytes as in content
//   pktvar:user,"admin";
#include "signatures/keywords/variable_test.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  auto test = parse_variable_test(builder, option);
  if (!test) return;
  builder.add_packet_condition(
      option, [test = std::move(*test)](const MatchInput& input) { return test.holds(*input.packet_captures); });
}

}  // namespace

const Keyword& keyword_pktvar() {
  static constexpr Keyword keyword{.name = "pktvar",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .syntax = "pktvar:NAME,\"bytes\";",
                                   .help = "A capture of the packet holds these bytes.",
                                   .example = "pktvar:user,\"admin\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
