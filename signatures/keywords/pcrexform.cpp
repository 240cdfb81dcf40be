// pcrexform: the sticky buffer becomes what the one group of a regular expression matched in it.
//
//   pcrexform:"EXPRESSION"      with exactly one group in parentheses
//   http.request_line; pcrexform:"[a-zA-Z]+\s+(.*)\s+HTTP"; content:"/index.php";
//
// Where the expression does not match, the buffer stays as it is.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

std::string message_of(int code, std::size_t position) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return "regular expression: " + std::string(reinterpret_cast<const char*>(text.data())) + " at byte " +
         std::to_string(position);
}

void apply(RuleBuilder& builder, const Option& option) {
  int code = 0;
  PCRE2_SIZE position = 0;
  pcre2_code* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(option.argument.data()), option.argument.size(), 0,
                                       &code, &position, nullptr);
  if (compiled == nullptr) {
    builder.error(option.argument, "signature.pcrexform.syntax", message_of(code, position));
    return;
  }
  const std::shared_ptr<const pcre2_code> regex(compiled, pcre2_code_free);
  std::uint32_t groups = 0;
  pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &groups);
  if (groups != 1) {
    builder.error(option.argument, "signature.pcrexform.groups",
                  "the expression needs exactly one group, not " + std::to_string(groups), "(?:...) is no group");
    return;
  }
  pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
  builder.add_transform(option, {Transform::Kind::kPcre, std::string(option.argument), regex});
}

}  // namespace

const Keyword& keyword_pcrexform() {
  static constexpr Keyword keyword{.name = "pcrexform",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "pcrexform:\"EXPRESSION\";",
                                   .help = "The sticky buffer becomes what the group of the expression matched.",
                                   .example = "tcp.hdr; pcrexform:\"a(b+)\"; content:\"bb\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
