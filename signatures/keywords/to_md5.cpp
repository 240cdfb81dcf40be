// to_md5: the MD5 digest of the buffer: 16 bytes.
//
//   tcp.hdr; to_md5; content:"|01 02|";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kToMd5});
}

}  // namespace

const Keyword& keyword_to_md5() {
  static constexpr Keyword keyword{.name = "to_md5",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "to_md5;",
                                   .help = "The MD5 digest of the buffer: 16 bytes.",
                                   .example = "tcp.hdr; to_md5; content:\"|01 02|\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
