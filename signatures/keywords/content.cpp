// content: bytes that must (or with '!' must not) stand in the payload.
//
//   content:[!]"text|hex hex|text"
//   content:"GET |0d 0a|";     content:!"evil";
//
// Between bars stand hexadecimal digits, two a byte, with blanks between them or without. Outside, '\' escapes : ;
// \ and ". Modifiers that follow change the content before them: nocase depth offset distance within startswith
// endswith fast_pattern rawbytes.
#include "signatures/keywords/pattern.h"

namespace bulkhead::signatures {

namespace {

// A letter of the case that a transform before it takes away can never be found.
bool survives_transforms(RuleBuilder& builder, const Option& option, std::string_view bytes) {
  for (const Transform& transform : builder.transforms()) {
    const bool lower = transform.kind == Transform::Kind::kToLowercase;
    if (!lower && transform.kind != Transform::Kind::kToUppercase) continue;
    const char first = lower ? 'A' : 'a', last = lower ? 'Z' : 'z';
    for (const char c : bytes) {
      if (c < first || c > last) continue;
      return builder.error(
          option.argument, "signature.content.transform_case",
          std::string("after ") + (lower ? "to_lowercase" : "to_uppercase") + " this pattern can match nothing");
    }
  }
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  auto bytes = decode_pattern(builder, option.argument);
  ContentOp op;
  // After an error the text stands in, so that the modifiers that follow find their content.
  op.bytes = bytes ? std::move(*bytes) : std::string(option.argument);
  op.negated = option.negated;
  op.span = builder.span(option.text);
  (void)survives_transforms(builder, option, op.bytes);
  builder.payload().emplace_back(std::move(op));
}

}  // namespace

const Keyword& keyword_content() {
  static constexpr Keyword keyword{.name = "content",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .may_negate = true,
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "content:[!]\"bytes\";",
                                   .help = "Bytes that must, or with '!' must not, stand in the payload.",
                                   .example = "content:\"GET|20|/\"; content:!\"Host|3a|\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
