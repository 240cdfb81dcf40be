// ipv6.hdr: sticky buffer, the IPv6 header with its extension headers.
//
//   ipv6.hdr; content:"|01 02|"; offset:4; depth:2;
//
// The rule is then judged packet by packet.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_header_buffer(option, BufferId::kIpv6Header);
}

}  // namespace

const Keyword& keyword_ipv6_hdr() {
  static constexpr Keyword keyword{.name = "ipv6.hdr",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "ipv6.hdr;",
                                   .help = "Sticky buffer: the IPv6 header with its extension headers.",
                                   .example = "ipv6.hdr; content:\"|01 02|\"; offset:4; depth:2;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
