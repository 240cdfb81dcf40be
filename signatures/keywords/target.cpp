// target: which side of the packet is the one that is attacked, for the alert.
//
//   target:src_ip|dest_ip
//   target:dest_ip;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const std::uint8_t side = option.value == "src_ip" ? 1 : option.value == "dest_ip" ? 2 : 0;
  if (side == 0) {
    builder.error(option.value, "signature.target.side", "expected src_ip or dest_ip");
    return;
  }
  if (builder.signature().target != 0 && builder.signature().target != side) {
    builder.error(option.text, "signature.target.conflict", "an earlier target says the other side");
    return;
  }
  builder.signature().target = side;
}

}  // namespace

const Keyword& keyword_target() {
  static constexpr Keyword keyword{.name = "target",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "target:src_ip|dest_ip;",
                                   .help = "Which side is attacked.",
                                   .example = "target:dest_ip;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
