// uricontent: a content in the normalised URI of an HTTP request; the old way to write http.uri.
//
//   uricontent:[!]"bytes"
//   uricontent:"/login"; nocase;
#include "signatures/keywords/buffer_keywords.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  find_keyword("content")->apply(builder, option);
  builder.mark_beyond_addresses(option);
  builder.move_last_content(buffer_id(app::find_buffer("http.uri")->number));
}

}  // namespace

const Keyword& keyword_uricontent() {
  static constexpr Keyword keyword{.name = "uricontent",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .may_negate = true,
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "uricontent:[!]\"bytes\";",
                                   .help = "Bytes in the normalised URI of a request.",
                                   .example = "uricontent:\"/login\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
