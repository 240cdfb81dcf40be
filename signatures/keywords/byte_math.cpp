// byte_math: reads a number from the payload, calculates with it and keeps the result in a variable of the rule.
//
//   byte_math:bytes N, offset N, oper + - * / << >>, rvalue N, result NAME
//             [, relative][, endian big|little][, string hex|dec|oct][, dce][, bitmask MASK]
//   bytes       1 to 10; bytes and rvalue may be variables; parts stand in any order
//   byte_math:bytes 1, offset 0, oper +, rvalue 4, result length, relative;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

class ByteMathParser {
 public:
  ByteMathParser(RuleBuilder& builder, const Option& option) : builder_(builder), option_(option) {
    op_.span = builder.span(option.text);
  }

  bool run() {
    for (const std::string_view part : split(option_.value, ',')) {
      if (!take(part)) return false;
    }
    if (!has_bytes_ || !has_offset_ || !has_operation_ || !has_right_ || result_.empty()) {
      return fail(option_.value, "syntax", "bytes, offset, oper, rvalue and result are all needed");
    }
    if (op_.operation == Arithmetic::kDivide && op_.right.slot < 0 && op_.right.number == 0) {
      return fail(option_.value, "division", "a division by zero");
    }
    op_.slot = builder_.define_variable(result_);
    builder_.payload(op_.field.relative).emplace_back(op_);
    return true;
  }

 private:
  bool take(std::string_view part) {
    const std::size_t blank = part.find_first_of(" \t");
    const std::string_view word = part.substr(0, blank);
    const std::string_view text = blank == part.npos ? std::string_view() : trim_blanks(part.substr(blank));
    if (word == "bytes") return once(has_bytes_, part) && number(text, 1, 10, op_.field.count, "bytes");
    if (word == "offset") return once(has_offset_, part) && literal(text, -65535, 65535, op_.field.offset);
    if (word == "rvalue") return once(has_right_, part) && number(text, 0, UINT32_MAX, op_.right, "rvalue");
    if (word == "oper") return once(has_operation_, part) && operation(part, text);
    if (word == "result") return result(part, text);
    if (part == "relative") return op_.field.relative = true;
    if (word == "endian") return order(part, text);
    if (word == "string") return base(part, text);
    if (word == "bitmask") return bitmask(part, text);
    if (part == "dce") {
      return builder_.error(part, "signature.keyword.protocol_buffer",
                            "dce needs the DCERPC parser, which is not built in yet");
    }
    return fail(part.empty() ? option_.value : part, "option", "\"" + printable(part) + "\" is no part of byte_math");
  }

  bool once(bool& seen, std::string_view part) {
    if (seen) return fail(part, "duplicate", "stands twice in this byte_math");
    return seen = true;
  }

  bool number(std::string_view text, std::int64_t low, std::int64_t high, Value& out, const char* name) {
    const auto value = builder_.value(text, low, high, std::string("signature.byte_math.") + name);
    if (value) out = *value;
    return value.has_value();
  }

  bool literal(std::string_view text, std::int64_t low, std::int64_t high, Value& out) {
    const auto value = parse_number<std::int64_t>(text);
    if (!value || *value < low || *value > high) return fail(text, "offset", "expected an offset from -65535 to 65535");
    out.number = *value;
    return true;
  }

  bool operation(std::string_view part, std::string_view text) {
    struct Entry {
      std::string_view sign;
      Arithmetic operation;
    };
    constexpr Entry kEntries[] = {{"+", Arithmetic::kAdd},        {"-", Arithmetic::kSubtract},
                                  {"*", Arithmetic::kMultiply},   {"/", Arithmetic::kDivide},
                                  {"<<", Arithmetic::kShiftLeft}, {">>", Arithmetic::kShiftRight}};
    for (const Entry& entry : kEntries) {
      if (entry.sign != text) continue;
      op_.operation = entry.operation;
      return true;
    }
    return fail(part, "oper", "expected + - * / << or >>");
  }

  bool result(std::string_view part, std::string_view text) {
    if (text.empty() || text.find_first_of(" \t") != text.npos) return fail(part, "result", "expected a variable name");
    result_ = text;
    return true;
  }

  bool order(std::string_view part, std::string_view text) {
    if (text != "big" && text != "little") return fail(part, "endian", "expected big or little");
    op_.field.order = text == "big" ? ByteOrder::kBig : ByteOrder::kLittle;
    return true;
  }

  bool base(std::string_view part, std::string_view text) {
    if (text != "hex" && text != "dec" && text != "oct") return fail(part, "string", "expected hex, dec or oct");
    op_.field.base = text == "hex"   ? NumberBase::kHexadecimal
                     : text == "dec" ? NumberBase::kDecimal
                                     : NumberBase::kOctal;
    return true;
  }

  bool bitmask(std::string_view part, std::string_view text) {
    const auto mask = parse_any_base<std::uint32_t>(text);
    if (!mask || *mask == 0) return fail(part, "bitmask", "expected a number of 32 bits");
    op_.field.bitmask = *mask;
    return true;
  }

  bool fail(std::string_view part, const char* what, std::string message) {
    return builder_.error(part, std::string("signature.byte_math.") + what, std::move(message),
                          "byte_math:bytes 1, offset 0, oper +, rvalue 4, result length");
  }

  RuleBuilder& builder_;
  const Option& option_;
  ByteMathOp op_;
  std::string_view result_;
  bool has_bytes_ = false, has_offset_ = false, has_operation_ = false, has_right_ = false;
};

void apply(RuleBuilder& builder, const Option& option) {
  ByteMathParser(builder, option).run();
}

}  // namespace

const Keyword& keyword_byte_math() {
  static constexpr Keyword keyword{
      .name = "byte_math",
      .syntax =
          "byte_math:bytes N, offset N, oper O, rvalue N, result NAME[, relative][, endian big|little][, string "
          "hex|dec|oct][, bitmask MASK];",
      .help = "Calculates with a number from the payload and keeps the result in a variable.",
      .example = "byte_math:bytes 1, offset 0, oper +, rvalue 4, result length; isdataat:length;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
