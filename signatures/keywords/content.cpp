// content: bytes that must (or with '!' must not) stand in the payload.
//
//   content:[!]"text|hex hex|text"
//   content:"GET |0d 0a|";     content:!"evil";
//
// Between bars stand hexadecimal digits, two a byte, with blanks between them or without. Outside, '\' escapes : ;
// \ and ". Modifiers that follow change the content before them: nocase depth offset distance within startswith
// endswith fast_pattern rawbytes.
#include <algorithm>

#include "signatures/keywords/pattern.h"

namespace bulkhead::signatures {

namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// The transform that takes away what the pattern needs, or null.
const char* spoiler(const RareList<Transform>& transforms, std::string_view bytes) {
  const auto any = [&](auto test) { return std::any_of(bytes.begin(), bytes.end(), test); };
  for (const Transform& transform : transforms) {
    switch (transform.kind) {
      case Transform::Kind::kToLowercase:
        if (any([](char c) { return c >= 'A' && c <= 'Z'; })) return "to_lowercase";
        break;
      case Transform::Kind::kToUppercase:
        if (any([](char c) { return c >= 'a' && c <= 'z'; })) return "to_uppercase";
        break;
      case Transform::Kind::kStripWhitespace:
        if (any(is_blank)) return "strip_whitespace";
        break;
      case Transform::Kind::kCompressWhitespace: {
        const auto two_blanks = [](char a, char b) { return is_blank(a) && is_blank(b); };
        if (std::adjacent_find(bytes.begin(), bytes.end(), two_blanks) != bytes.end()) return "compress_whitespace";
        break;
      }
      default: break;
    }
  }
  return nullptr;
}

void check_transforms(RuleBuilder& builder, const Option& option, std::string_view bytes) {
  const char* const name = option.negated ? nullptr : spoiler(builder.transforms(), bytes);
  if (name == nullptr) return;
  builder.error(option.argument, "signature.content.transform",
                std::string("after ") + name + " this pattern can match nothing");
}

void apply(RuleBuilder& builder, const Option& option) {
  auto bytes = decode_pattern(builder, option.argument);
  ContentOp op;
  // After an error the text stands in, so that the modifiers that follow find their content.
  op.bytes = bytes ? std::move(*bytes) : std::string(option.argument);
  op.negated = option.negated;
  op.span = builder.span(option.text);
  check_transforms(builder, option, op.bytes);
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
