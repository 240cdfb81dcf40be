// pkt_data: the contents that follow are looked for in the payload again, after a sticky buffer.
//
//   pkt_data; content:"abc";
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (builder.has_open_transforms()) {
    builder.error(option.text, "signature.transform.unused", "nothing looks at what the transforms before it make");
  }
  builder.select_buffer(BufferId::kPayload);
}

}  // namespace

const Keyword& keyword_pkt_data() {
  static constexpr Keyword keyword{.name = "pkt_data",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "pkt_data;",
                                   .help = "Ends a sticky buffer: what follows looks at the payload.",
                                   .example = "pkt_data; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
