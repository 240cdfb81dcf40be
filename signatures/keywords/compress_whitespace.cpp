// compress_whitespace: runs of blanks become one: the first of each stays.
//
//   tcp.hdr; compress_whitespace; content:"abc";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kCompressWhitespace});
}

}  // namespace

const Keyword& keyword_compress_whitespace() {
  static constexpr Keyword keyword{.name = "compress_whitespace",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "compress_whitespace;",
                                   .help = "Runs of blanks become one: the first of each stays.",
                                   .example = "tcp.hdr; compress_whitespace; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
