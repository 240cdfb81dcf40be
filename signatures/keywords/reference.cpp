// reference: where to read about what the rule finds; the system comes from reference.config.
//
//   reference:SYSTEM,TEXT
//   reference:cve,2021-44228;
//
// An unknown system is a warning and the reference is left out.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const std::size_t comma = option.value.find(',');
  const std::string_view system = trim_blanks(option.value.substr(0, comma));
  const std::string_view text =
      comma == std::string_view::npos ? std::string_view() : trim_blanks(option.value.substr(comma + 1));
  if (system.empty() || text.empty()) {
    builder.error(option.value, "signature.reference.syntax", "expected a system and a text",
                  "reference:cve,2021-44228");
    return;
  }
  const ReferenceTable* table = builder.context().references;
  const ReferenceSystem* found = table != nullptr ? table->find(system) : nullptr;
  if (found != nullptr) {
    std::vector<std::string> references(builder.info().references.begin(), builder.info().references.end());
    references.push_back(found->url_prefix + std::string(text));
    builder.info().references = references;
  } else if (table != nullptr) {
    builder.warning(system, "signature.reference.unknown",
                    "reference system \"" + printable(system) + "\" is not defined; the reference is left out");
  }
}

}  // namespace

const Keyword& keyword_reference() {
  static constexpr Keyword keyword{.name = "reference",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "reference:SYSTEM,TEXT;",
                                   .help = "Where to read about what the rule finds.",
                                   .example = "reference:cve,2021-44228;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
