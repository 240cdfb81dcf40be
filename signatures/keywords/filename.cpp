// filename: text in the name of a file that a transaction carries, whatever its case.
//
//   filename:[!]"TEXT"
//   filename:"invoice";
#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (option.argument.empty()) {
    builder.error(option.text, "signature.file.empty", std::string(option.name) + " needs a text");
    return;
  }
  add_file_condition(builder, option, [text = to_lower(option.argument), negated = option.negated](const app::File& f) {
    return file_answer((to_lower(f.name).find(text) != std::string::npos) != negated);
  });
}

}  // namespace

const Keyword& keyword_filename() {
  static constexpr Keyword keyword{.name = "filename",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .syntax = "filename:[!]\"TEXT\";",
                                   .help = "Text in the name of a file.",
                                   .example = "filename:\"invoice\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
