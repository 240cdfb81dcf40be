#include "signatures/keywords/apply_option.h"

#include "signatures/keywords/known_names.h"

namespace bulkhead::signatures {

namespace {

void report_unknown(RuleBuilder& builder, const Option& option) {
  const std::string name(option.name);
  switch (unbuilt_keyword(option.name)) {
    case UnbuiltKeyword::kProtocol:
      builder.error(option.name, "signature.keyword.protocol_buffer",
                    name + " needs a protocol parser that is not built in yet");
      // Old spellings change the content before them, which further modifiers may follow.
      if (to_lower(name).starts_with("http_")) builder.move_last_content(RuleBuilder::kUnbuilt);
      builder.select_buffer(RuleBuilder::kUnbuilt);
      return;
    case UnbuiltKeyword::kOther:
      builder.error(option.name, "signature.keyword.not_built", name + " is not built in yet");
      builder.select_buffer(RuleBuilder::kUnbuilt);
      return;
    case UnbuiltKeyword::kNo: break;
  }
  const std::string near = nearest_word(to_lower(option.name), all_keyword_names());
  builder.error(option.name, "signature.keyword.unknown", "\"" + name + "\" is not a keyword",
                near.empty() ? "" : "did you mean " + near + "?");
}

// What the head of the keyword says about value, '!' and quotes.
bool check_form(RuleBuilder& builder, const Keyword& keyword, const Option& option) {
  const std::string name(option.name);
  const auto refuse = [&](std::string_view part, const char* code, const std::string& message) {
    return builder.error(part, code, message, std::string(keyword.syntax));
  };
  if (keyword.value == Keyword::Value::kRequired && option.value.empty()) {
    return refuse(option.text, "signature.keyword.no_value", name + " needs a value");
  }
  if (option.value.empty()) return true;
  if (keyword.value == Keyword::Value::kNone) {
    return refuse(option.value, "signature.keyword.value", name + " takes no value");
  }
  const bool wrong_sign = option.negated && !keyword.may_negate;
  if (keyword.quotes == Keyword::Quotes::kRequired && (!option.quoted || wrong_sign)) {
    return refuse(option.value, "signature.keyword.no_quotes", "the value of " + name + " stands in quotes");
  }
  if (keyword.quotes == Keyword::Quotes::kRefused && option.quoted) {
    return refuse(option.value, "signature.keyword.quotes", "the value of " + name + " stands without quotes");
  }
  if (option.argument.empty() && !option.quoted) {
    return refuse(option.value, "signature.keyword.no_value", name + " needs a value behind '!'");
  }
  return true;
}

}  // namespace

void apply_option(RuleBuilder& builder, const Option& option) {
  const Keyword* keyword = find_keyword(option.name);
  if (keyword == nullptr) {
    report_unknown(builder, option);
    return;
  }
  if (!check_form(builder, *keyword, option)) return;
  keyword->apply(builder, option);
  if (keyword->prefilter != Keyword::Prefilter::kNoCondition) builder.facts().last_condition = keyword;
}

}  // namespace bulkhead::signatures
