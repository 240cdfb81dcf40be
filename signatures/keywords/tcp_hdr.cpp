// tcp.hdr: sticky buffer, the TCP header with its options.
//
//   tcp.hdr; content:"|01 02|"; offset:4; depth:2;
//
// The rule is then judged packet by packet.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_header_buffer(option, BufferId::kTcpHeader);
}

}  // namespace

const Keyword& keyword_tcp_hdr() {
  static constexpr Keyword keyword{.name = "tcp.hdr",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "tcp.hdr;",
                                   .help = "Sticky buffer: the TCP header with its options.",
                                   .example = "tcp.hdr; content:\"|01 02|\"; offset:4; depth:2;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
