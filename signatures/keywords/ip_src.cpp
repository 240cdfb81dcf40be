// ip.src: sticky buffer, the source address of the packet, 4 or 16 bytes.
//
//   ip.src; dataset:isset,bad_hosts,type ip;      ip.src; content:"|0a 00|"; startswith;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.select_sticky_buffer(option, BufferId::kSourceAddress);
}

}  // namespace

const Keyword& keyword_ip_src() {
  static constexpr Keyword keyword{.name = "ip.src",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "ip.src;",
                                   .help = "Sticky buffer: the source address of the packet, 4 or 16 bytes.",
                                   .example = "ip.src; content:\"|0a 00|\"; startswith;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
