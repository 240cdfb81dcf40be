// replace: bytes that take the place of the content before it, in packets that are forwarded.
//
//   replace:"bytes"
//   content:"abc"; replace:"xyz";
//
// Packets are never changed here: the rule does everything else that it says, and a warning tells so.
#include "signatures/keywords/pattern.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (builder.content_before(option) == nullptr || !decode_pattern(builder, option.argument)) return;
  builder.warning(option.text, "signature.replace.no_effect", "packets are not changed here: the rule only reports",
                  "drop instead of alert keeps the bytes from their goal");
}

}  // namespace

const Keyword& keyword_replace() {
  static constexpr Keyword keyword{.name = "replace",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "replace:\"bytes\";",
                                   .help = "Other bytes for the content before it; packets are not changed here.",
                                   .example = "content:\"abc\"; replace:\"xyz\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
