// udp.hdr: sticky buffer, the UDP header.
//
//   udp.hdr; content:"|01 02|"; offset:4; depth:2;
//
// The rule is then judged packet by packet.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_header_buffer(option, BufferId::kUdpHeader);
}

}  // namespace

const Keyword& keyword_udp_hdr() {
  static constexpr Keyword keyword{.name = "udp.hdr",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "udp.hdr;",
                                   .help = "Sticky buffer: the UDP header.",
                                   .example = "udp.hdr; content:\"|01 02|\"; offset:4; depth:2;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
