// filemd5: the MD5 of a file is one of a list: a file of hexadecimal digests, one a line.
//
//   filemd5:[!]FILE
#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  auto digests = read_digests(builder, option, 32);
  if (!digests) return;
  builder.signature().needs_md5 = true;
  add_file_condition(builder, option, [digests = std::move(digests), negated = option.negated](const app::File& f) {
    return digest_answer(f, f.hashes.md5(), *digests, negated);
  });
}

}  // namespace

const Keyword& keyword_filemd5() {
  static constexpr Keyword keyword{.name = "filemd5",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .syntax = "filemd5:[!]FILE;",
                                   .help = "The MD5 of a file is one of a list.",
                                   .example = "",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
