// The options that byte_test, byte_jump and byte_extract share: string, a base, an order of bytes.
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/byte_keywords_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

// Collects the words of one keyword and makes a NumberField of them.
class NumberFieldParser {
 public:
  // `code` begins the codes of errors: "signature.byte_test".
  NumberFieldParser(RuleBuilder& builder, std::string code) : builder_(builder), code_(std::move(code)) {}

  // True when the word is one of relative, string, hex, dec, oct, big, little, dce.
  bool take(std::string_view word);
  bool count(std::string_view text, std::int64_t max_binary, std::int64_t max_string);
  bool offset(std::string_view text, std::int64_t max = 65535);
  // Checks the whole; `option` is where errors without a better place go.
  bool finish(const Option& option);

  [[nodiscard]] NumberField& field() { return field_; }

 private:
  bool set_base(std::string_view word, NumberBase base);

  RuleBuilder& builder_;
  std::string code_;
  NumberField field_;
  std::string_view count_text_;
  std::string_view base_text_;
  std::int64_t max_binary_ = 8;
  std::int64_t max_string_ = 23;
  bool string_ = false;
  NumberBase base_ = NumberBase::kDecimal;
};

}  // namespace bulkhead::signatures
