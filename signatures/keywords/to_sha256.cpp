// to_sha256: the SHA-256 digest of the buffer: 32 bytes.
//
//   tcp.hdr; to_sha256; content:"|01 02|";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kToSha256});
}

}  // namespace

const Keyword& keyword_to_sha256() {
  static constexpr Keyword keyword{.name = "to_sha256",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "to_sha256;",
                                   .help = "The SHA-256 digest of the buffer: 32 bytes.",
                                   .example = "tcp.hdr; to_sha256; content:\"|01 02|\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
