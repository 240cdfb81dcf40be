// rawbytes: of no effect, kept for old rules; payload is always looked at as it is.
//
//   content:"|ff|"; rawbytes;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr) return;
  if (builder.buffer() != BufferId::kPayload) {
    builder.error(option.text, "signature.rawbytes.buffer", "a sticky buffer has no raw bytes",
                  "leave rawbytes out, or put pkt_data before the content");
    return;
  }
  if (content->raw_bytes)
    builder.error(option.text, "signature.rawbytes.duplicate", "rawbytes stands twice for this content");
  content->raw_bytes = true;
}

}  // namespace

const Keyword& keyword_rawbytes() {
  static constexpr Keyword keyword{.name = "rawbytes",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "rawbytes;",
                                   .help = "Of no effect; for old rules.",
                                   .example = "content:\"|ff|\"; rawbytes;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
