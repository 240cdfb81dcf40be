// byte_test: reads a number from the payload and compares it.
//
//   byte_test:COUNT,[!]OPERATOR,VALUE,OFFSET[,relative][,little|big|dce][,string[,hex|dec|oct]][,bitmask MASK]
//   OPERATOR    = < > <= >= , & some bits in common, ^ differs in some bit; '!' turns it around, alone it is !=
//   COUNT       0 to 8 bytes, up to 23 digits with string; COUNT, VALUE and OFFSET may be byte_extract variables
//   byte_test:4,>,1024,0,relative,little;
#include "signatures/keywords/number_field.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct Operator {
  Compare compare;
  bool negated;
};

std::optional<Operator> parse_operator(std::string_view text) {
  const bool negated = text.starts_with('!');
  if (negated) text = trim_blanks(text.substr(1));
  if (text == "=" || (negated && text.empty())) return Operator{Compare::kEqual, negated};
  if (text == "<") return Operator{Compare::kLess, negated};
  if (text == ">") return Operator{Compare::kGreater, negated};
  if (text == "<=") return Operator{Compare::kLessEqual, negated};
  if (text == ">=") return Operator{Compare::kGreaterEqual, negated};
  if (text == "&") return Operator{Compare::kAnd, negated};
  if (text == "^") return Operator{Compare::kOr, negated};
  return std::nullopt;
}

// Numbers of 64 bits without or with sign; the engine compares bit patterns.
std::optional<Value> parse_value(RuleBuilder& builder, std::string_view text) {
  if (const auto number = parse_any_base<std::uint64_t>(text)) return Value{static_cast<std::int64_t>(*number), -1};
  return builder.value(text, INT64_MIN, INT64_MAX, "signature.byte_test.value");
}

bool take_option(RuleBuilder& builder, NumberFieldParser& fields, std::string_view word) {
  if (fields.take(word)) return true;
  if (!word.starts_with("bitmask")) {
    return builder.error(word, "signature.byte_test.option", "\"" + printable(word) + "\" is no option of byte_test");
  }
  const auto mask = parse_any_base<std::uint32_t>(trim_blanks(word.substr(7)));
  if (!mask || *mask == 0)
    return builder.error(word, "signature.byte_test.bitmask", "expected bitmask and a number of 32 bits");
  fields.field().bitmask = *mask;
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  if (parts.size() < 4) {
    builder.error(option.value, "signature.byte_test.syntax", "expected a count, an operator, a value and an offset",
                  "byte_test:4,>,1024,0,relative");
    return;
  }
  ByteTestOp op;
  op.span = builder.span(option.text);
  const auto operation = parse_operator(parts[1]);
  if (!operation) {
    builder.error(parts[1].empty() ? option.value : parts[1], "signature.byte_test.operator",
                  "expected = < > <= >= & or ^, with '!' or without");
    return;
  }
  op.compare = operation->compare;
  op.negated = operation->negated;
  const auto value = parse_value(builder, parts[2]);
  NumberFieldParser fields(builder, "signature.byte_test");
  if (!value || !fields.count(parts[0], 8, 23) || !fields.offset(parts[3], 65536)) return;
  op.value = *value;
  for (std::size_t i = 4; i < parts.size(); ++i) {
    if (!take_option(builder, fields, parts[i])) return;
  }
  if (!fields.finish(option)) return;
  op.field = fields.field();
  builder.payload(op.field.relative).emplace_back(op);
}

}  // namespace

const Keyword& keyword_byte_test() {
  static constexpr Keyword keyword{
      .name = "byte_test",
      .syntax = "byte_test:COUNT,[!]OPERATOR,VALUE,OFFSET[,relative][,little|big][,string,hex|dec|oct][,bitmask MASK];",
      .help = "Reads a number from the payload and compares it.",
      .example = "content:\"a\"; byte_test:4,>,1024,0,relative,little;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
