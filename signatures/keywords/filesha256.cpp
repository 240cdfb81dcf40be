// filesha256: the SHA256 of a file is one of a list: a file of hexadecimal digests, one a line.
//
//   filesha256:[!]FILE
#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  auto digests = read_digests(builder, option, 64);
  if (!digests) return;
  builder.signature().needs_sha256 = true;
  add_file_condition(builder, option, [digests = std::move(digests), negated = option.negated](const app::File& f) {
    return digest_answer(f, f.hashes.sha256(), *digests, negated);
  });
}

}  // namespace

const Keyword& keyword_filesha256() {
  static constexpr Keyword keyword{.name = "filesha256",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .syntax = "filesha256:[!]FILE;",
                                   .help = "The SHA256 of a file is one of a list.",
                                   .example = "",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
