// requires: what the engine must be or have for the rule to be loaded; else it is left out without an error.
//
//   requires:[version CONDITION][,feature NAME][,keyword NAME]
//   CONDITION  >=, >, <= or < and a version, several together, alternatives parted by '|': >= 7.0.3 < 8 | >= 8.0.1
//   requires:version >= 7.0.4, feature geoip;
#include "signatures/keywords/requirements.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (evaluate_requirements(option.value)) return;
  builder.error(option.value, "signature.requires.syntax", "expected version with a comparison, or feature NAME",
                "requires:version >= 7.0.4");
}

}  // namespace

const Keyword& keyword_requires() {
  static constexpr Keyword keyword{.name = "requires",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "requires:version >= N[, feature NAME];",
                                   .help = "What the engine must be for the rule to be loaded.",
                                   .example = "requires:version >= 7.0.4;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
