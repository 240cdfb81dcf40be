// to_sha1: the SHA-1 digest of the buffer: 20 bytes.
//
//   tcp.hdr; to_sha1; content:"|01 02|";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kToSha1});
}

}  // namespace

const Keyword& keyword_to_sha1() {
  static constexpr Keyword keyword{.name = "to_sha1",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "to_sha1;",
                                   .help = "The SHA-1 digest of the buffer: 20 bytes.",
                                   .example = "tcp.hdr; to_sha1; content:\"|01 02|\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
