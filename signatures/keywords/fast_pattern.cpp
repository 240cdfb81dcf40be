// fast_pattern: the content before it is the one that the multi-pattern search looks for.
//
//   fast_pattern         all of it
//   fast_pattern:only    all of it, and its position does not matter
//   fast_pattern:O,L     L bytes of it from byte O on
//   content:"a long and rare pattern"; fast_pattern:2,10;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

bool may_be_fast(RuleBuilder& builder, const ContentOp& content, const Option& option) {
  if (content.fast_pattern || content.fast_pattern_only) {
    return builder.error(option.text, "signature.fast_pattern.duplicate", "fast_pattern stands twice for this content");
  }
  const bool placed = content.relative || content.has_depth || content.has_offset;
  if (content.negated && placed) {
    return builder.error(option.text, "signature.fast_pattern.negated",
                         "a negated content with a position cannot be the fast pattern");
  }
  return true;
}

void apply_only(RuleBuilder& builder, ContentOp& content, const Option& option) {
  if (content.negated || content.relative || content.has_depth || content.has_offset) {
    builder.error(option.text, "signature.fast_pattern.only",
                  "fast_pattern:only is for contents without '!' and without a position", "write fast_pattern alone");
    return;
  }
  content.fast_pattern_only = true;
  // Of several contents with :only the first is searched for.
  if (!builder.facts().fast_pattern.empty()) return;
  builder.facts().fast_pattern = option.text;
  content.fast_pattern = true;
}

void apply_chop(RuleBuilder& builder, ContentOp& content, const Option& option) {
  const auto parts = split(option.argument, ',');
  const auto offset = parse_number<std::uint16_t>(parts[0]);
  const auto length = parts.size() == 2 ? parse_number<std::uint16_t>(parts[1]) : std::nullopt;
  if (!offset || !length) {
    builder.error(option.argument, "signature.fast_pattern.syntax", "expected only, or an offset and a length",
                  "fast_pattern:only, fast_pattern:2,10");
    return;
  }
  if (std::size_t{*offset} + *length > content.bytes.size()) {
    builder.error(option.argument, "signature.fast_pattern.range",
                  "offset and length reach past the " + std::to_string(content.bytes.size()) + " bytes of the content");
    return;
  }
  content.fast_pattern = true;
  content.fast_pattern_chop_offset = *offset;
  content.fast_pattern_chop_length = *length;
}

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr || !may_be_fast(builder, *content, option)) return;
  if (option.argument == "only") {
    apply_only(builder, *content, option);
    return;
  }
  if (!builder.claim(builder.facts().fast_pattern, option, "signature.fast_pattern.second")) return;
  if (option.argument.empty()) {
    content->fast_pattern = true;
  } else {
    apply_chop(builder, *content, option);
  }
}

}  // namespace

const Keyword& keyword_fast_pattern() {
  static constexpr Keyword keyword{.name = "fast_pattern",
                                   .value = Keyword::Value::kOptional,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "fast_pattern[:only|:offset,length];",
                                   .help = "The content before it is the one the multi-pattern search looks for.",
                                   .example = "content:\"a long and rare pattern\"; fast_pattern:2,10;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
