// icmpv6.hdr: sticky buffer, the ICMPv6 header.
//
//   icmpv6.hdr; content:"|01 02|"; offset:4; depth:2;
//
// The rule is then judged packet by packet.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_header_buffer(option, BufferId::kIcmpv6Header);
}

}  // namespace

const Keyword& keyword_icmpv6_hdr() {
  static constexpr Keyword keyword{.name = "icmpv6.hdr",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "icmpv6.hdr;",
                                   .help = "Sticky buffer: the ICMPv6 header.",
                                   .example = "icmpv6.hdr; content:\"|01 02|\"; offset:4; depth:2;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
