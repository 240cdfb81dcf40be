// fileext: the end of the name of a file behind a dot, whatever its case.
//
//   fileext:[!]"EXT"
//   fileext:"pdf";
#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (option.argument.empty()) {
    builder.error(option.text, "signature.file.empty", std::string(option.name) + " needs a text");
    return;
  }
  add_file_condition(builder, option,
                     [end = "." + to_lower(option.argument), negated = option.negated](const app::File& f) {
                       return file_answer(to_lower(f.name).ends_with(end) != negated);
                     });
}

}  // namespace

const Keyword& keyword_fileext() {
  static constexpr Keyword keyword{.name = "fileext",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .syntax = "fileext:[!]\"EXT\";",
                                   .help = "The extension of the name of a file.",
                                   .example = "fileext:\"pdf\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
