// ipv4.hdr: sticky buffer, the IPv4 header with its options.
//
//   ipv4.hdr; content:"|01 02|"; offset:4; depth:2;
//
// The rule is then judged packet by packet.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_header_buffer(option, BufferId::kIpv4Header);
}

}  // namespace

const Keyword& keyword_ipv4_hdr() {
  static constexpr Keyword keyword{.name = "ipv4.hdr",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "ipv4.hdr;",
                                   .help = "Sticky buffer: the IPv4 header with its options.",
                                   .example = "ipv4.hdr; content:\"|01 02|\"; offset:4; depth:2;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
