// byte_jump: reads a number from the payload and moves the place that relative options count from by it.
//
//   byte_jump:COUNT,OFFSET[,relative][,little|big|dce][,string[,hex|dec|oct]][,align][,from_beginning|from_end]
//             [,multiplier N][,post_offset N]
//   COUNT       0 to 8 bytes, up to 23 digits with string; COUNT and OFFSET may be byte_extract variables
//   multiplier  1 to 65535; post_offset -65535 to 65535
//   byte_jump:2,0,relative,little,post_offset -1;
#include "signatures/keywords/number_field.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

// "multiplier 2": the number behind the word, or no value.
std::optional<std::int64_t> number_behind(std::string_view text, std::string_view word) {
  if (!text.starts_with(word) || text.size() == word.size() || !is_blank(text[word.size()])) return std::nullopt;
  return parse_number<std::int64_t>(trim_blanks(text.substr(word.size())));
}

bool is_word_with_number(std::string_view text, std::string_view word) {
  return text.starts_with(word) && text.size() > word.size() && is_blank(text[word.size()]);
}

bool take_option(RuleBuilder& builder, ByteJumpOp& op, NumberFieldParser& fields, std::string_view word) {
  if (fields.take(word)) return true;
  if (word == "align") return op.align = true;
  if (word == "from_beginning") return op.from_beginning = true;
  if (word == "from_end") return op.from_end = true;
  if (is_word_with_number(word, "multiplier")) {
    const auto number = number_behind(word, "multiplier");
    if (!number || *number < 1 || *number > 65535) {
      return builder.error(word, "signature.byte_jump.multiplier", "a multiplier is 1 to 65535");
    }
    op.multiplier = *number;
    return true;
  }
  if (is_word_with_number(word, "post_offset")) {
    const auto number = number_behind(word, "post_offset");
    if (!number || *number < -65535 || *number > 65535) {
      return builder.error(word, "signature.byte_jump.post_offset", "a post_offset is -65535 to 65535");
    }
    op.post_offset = *number;
    return true;
  }
  return builder.error(word, "signature.byte_jump.option", "\"" + printable(word) + "\" is no option of byte_jump");
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  if (parts.size() < 2) {
    builder.error(option.value, "signature.byte_jump.syntax", "expected a count and an offset",
                  "byte_jump:2,0,relative");
    return;
  }
  ByteJumpOp op;
  op.span = builder.span(option.text);
  NumberFieldParser fields(builder, "signature.byte_jump");
  if (!fields.count(parts[0], 8, 23) || !fields.offset(parts[1])) return;
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (!take_option(builder, op, fields, parts[i])) return;
  }
  if (op.from_beginning && op.from_end) {
    builder.error(option.text, "signature.byte_jump.from", "from_beginning and from_end exclude each other");
    return;
  }
  if (!fields.finish(option)) return;
  op.field = fields.field();
  builder.payload(op.field.relative).emplace_back(op);
}

}  // namespace

const Keyword& keyword_byte_jump() {
  static constexpr Keyword keyword{.name = "byte_jump",
                                   .syntax =
                                       "byte_jump:COUNT,OFFSET[,relative][,little|big][,string,hex|dec|oct][,align][,"
                                       "from_beginning|from_end][,multiplier N][,post_offset N];",
                                   .help = "Reads a number from the payload and jumps by it.",
                                   .example = "content:\"a\"; byte_jump:2,0,relative,little,post_offset -1;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
