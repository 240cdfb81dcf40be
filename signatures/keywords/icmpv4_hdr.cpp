// icmpv4.hdr: sticky buffer, the ICMPv4 header: everything behind the IP header.
//
//   icmpv4.hdr; content:"|01 02|"; offset:4; depth:2;
//
// The rule is then judged packet by packet.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_header_buffer(option, BufferId::kIcmpv4Header);
}

}  // namespace

const Keyword& keyword_icmpv4_hdr() {
  static constexpr Keyword keyword{.name = "icmpv4.hdr",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "icmpv4.hdr;",
                                   .help = "Sticky buffer: the ICMPv4 header: everything behind the IP header.",
                                   .example = "icmpv4.hdr; content:\"|01 02|\"; offset:4; depth:2;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
