// byte_extract: reads a number from the payload into a variable of the rule.
//
//   byte_extract:COUNT,OFFSET,NAME[,relative][,little|big|dce][,string[,hex|dec|oct]][,multiplier N][,align 2|4]
//   COUNT       0 to 8 bytes, up to 20 digits with string
//   byte_extract:1,0,length; isdataat:length,relative;
//
// The options that follow may name it as offset, depth, distance, within, in isdataat and in byte_*.
#include "signatures/keywords/number_field.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

// The text behind "word ", or nothing.
std::optional<std::string_view> behind(std::string_view text, std::string_view word) {
  if (!text.starts_with(word) || text.size() == word.size() || !is_blank(text[word.size()])) return std::nullopt;
  return trim_blanks(text.substr(word.size()));
}

bool take_option(RuleBuilder& builder, ByteExtractOp& op, NumberFieldParser& fields, std::string_view word) {
  if (fields.take(word)) return true;
  if (const auto text = behind(word, "multiplier")) {
    const auto number = parse_number<std::uint16_t>(*text);
    if (!number || *number == 0)
      return builder.error(word, "signature.byte_extract.multiplier", "a multiplier is 1 to 65535");
    op.multiplier = *number;
    return true;
  }
  if (const auto text = behind(word, "align")) {
    if (*text != "2" && *text != "4") return builder.error(word, "signature.byte_extract.align", "align is 2 or 4");
    op.align = *text == "2" ? 2 : 4;
    return true;
  }
  return builder.error(word, "signature.byte_extract.option",
                       "\"" + printable(word) + "\" is no option of byte_extract");
}

bool is_variable_name(std::string_view name) {
  for (const char c : name) {
    if (is_blank(c)) return false;
  }
  return !name.empty();
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  if (parts.size() < 3 || !is_variable_name(parts[2])) {
    builder.error(option.value, "signature.byte_extract.syntax", "expected a count, an offset and a variable name",
                  "byte_extract:1,0,length");
    return;
  }
  ByteExtractOp op;
  op.span = builder.span(option.text);
  NumberFieldParser fields(builder, "signature.byte_extract");
  if (!fields.count(parts[0], 8, 20) || !fields.offset(parts[1])) return;
  for (std::size_t i = 3; i < parts.size(); ++i) {
    if (!take_option(builder, op, fields, parts[i])) return;
  }
  if (!fields.finish(option)) return;
  op.field = fields.field();
  op.slot = builder.define_variable(parts[2]);
  builder.payload(op.field.relative).emplace_back(op);
}

}  // namespace

const Keyword& keyword_byte_extract() {
  static constexpr Keyword keyword{
      .name = "byte_extract",
      .syntax =
          "byte_extract:COUNT,OFFSET,NAME[,relative][,little|big][,string,hex|dec|oct][,multiplier N][,align 2|4];",
      .help = "Reads a number from the payload into a variable of the rule.",
      .example = "content:\"a\"; byte_extract:1,0,length,relative; isdataat:length,relative;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
