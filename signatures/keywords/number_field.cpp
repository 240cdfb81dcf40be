#include "signatures/keywords/number_field.h"

namespace bulkhead::signatures {

bool NumberFieldParser::set_base(std::string_view word, NumberBase base) {
  base_text_ = word;
  base_ = base;
  return true;
}

bool NumberFieldParser::take(std::string_view word) {
  if (word == "relative") return field_.relative = true;
  if (word == "string") return string_ = true;
  if (word == "hex") return set_base(word, NumberBase::kHexadecimal);
  if (word == "dec") return set_base(word, NumberBase::kDecimal);
  if (word == "oct") return set_base(word, NumberBase::kOctal);
  if (word == "big" || word == "little" || word == "dce") {
    field_.order = word == "big" ? ByteOrder::kBig : word == "little" ? ByteOrder::kLittle : ByteOrder::kDce;
    return true;
  }
  return false;
}

bool NumberFieldParser::count(std::string_view text, std::int64_t max_binary, std::int64_t max_string) {
  count_text_ = text;
  max_binary_ = max_binary;
  max_string_ = max_string;
  const auto value = builder_.value(text, 0, max_string, code_ + ".count");
  if (value) field_.count = *value;
  return value.has_value();
}

bool NumberFieldParser::offset(std::string_view text, std::int64_t max) {
  const auto value = builder_.value(text, -65535, max, code_ + ".offset");
  if (value) field_.offset = *value;
  return value.has_value();
}

bool NumberFieldParser::finish(const Option& option) {
  if (!string_ && !base_text_.empty()) {
    return builder_.error(base_text_, code_ + ".base", "a base is for numbers in text",
                          "write string," + std::string(base_text_));
  }
  if (field_.order == ByteOrder::kDce) {
    // The order of bytes is then what the DCERPC header says, which needs that protocol's parser.
    return builder_.error(option.text, "signature.keyword.protocol_buffer",
                          "dce needs the DCERPC parser, which is not built in yet");
  }
  field_.base = string_ ? base_ : NumberBase::kBinary;
  if (!string_ && field_.count.slot < 0 && field_.count.number > max_binary_) {
    return builder_.error(count_text_, code_ + ".count.range",
                          "at most " + std::to_string(max_binary_) + " bytes make a binary number",
                          "numbers in text need string");
  }
  return true;
}

}  // namespace bulkhead::signatures
