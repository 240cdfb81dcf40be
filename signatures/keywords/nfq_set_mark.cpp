// nfq_set_mark: the mark that a packet gets when it goes back to the kernel.
//
//   nfq_set_mark:MARK/MASK      hexadecimal, with 0x
//   nfq_set_mark:0x10/0xff;
//
// Marks of the kernel belong to the policies here (config/bulkhead.yaml): the rule does everything else that it says,
// and a warning tells so.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

bool is_hexadecimal(std::string_view text) {
  if (!text.starts_with("0x") || text.size() < 3 || text.size() > 10) return false;
  return text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
}

void apply(RuleBuilder& builder, const Option& option) {
  const std::size_t slash = option.value.find('/');
  if (slash == std::string_view::npos || !is_hexadecimal(option.value.substr(0, slash)) ||
      !is_hexadecimal(option.value.substr(slash + 1))) {
    builder.error(option.value, "signature.nfq_set_mark.syntax", "expected mark and mask, such as 0x10/0xff");
    return;
  }
  builder.warning(option.text, "signature.nfq_set_mark.no_effect", "rules do not set marks of the kernel here");
}

}  // namespace

const Keyword& keyword_nfq_set_mark() {
  static constexpr Keyword keyword{.name = "nfq_set_mark",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "nfq_set_mark:MARK/MASK;",
                                   .help = "A mark for the kernel; of no effect here.",
                                   .example = "nfq_set_mark:0x10/0xff;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
