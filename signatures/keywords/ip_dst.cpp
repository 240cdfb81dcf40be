// ip.dst: sticky buffer, the destination address of the packet, 4 or 16 bytes.
//
//   ip.dst; dataset:isset,bad_hosts,type ip;      ip.dst; content:"|0a 00|"; startswith;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_sticky_buffer(option, BufferId::kDestinationAddress);
}

}  // namespace

const Keyword& keyword_ip_dst() {
  static constexpr Keyword keyword{.name = "ip.dst",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "ip.dst;",
                                   .help = "Sticky buffer: the destination address of the packet, 4 or 16 bytes.",
                                   .example = "ip.dst; content:\"|0a 00|\"; startswith;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
