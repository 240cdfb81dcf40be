// metadata: keys and values for those who read alerts.
//
//   metadata:KEY VALUE[, KEY VALUE ...]
//   metadata:attack_target Server, confidence High;
//
// The value is what follows the first blank, or empty.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  std::vector<event::TextPairs::Pair> pairs(builder.info().metadata.begin(), builder.info().metadata.end());
  for (const std::string_view part : split(option.value, ',')) {
    if (part.empty()) continue;
    const std::size_t blank = part.find_first_of(" \t");
    const std::string_view value = blank == part.npos ? std::string_view() : trim_blanks(part.substr(blank));
    pairs.emplace_back(part.substr(0, blank), value);
  }
  builder.info().metadata = pairs;
}

}  // namespace

const Keyword& keyword_metadata() {
  static constexpr Keyword keyword{.name = "metadata",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "metadata:KEY VALUE[, KEY VALUE ...];",
                                   .help = "Keys and values for those who read alerts.",
                                   .example = "metadata:attack_target Server, confidence High;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
