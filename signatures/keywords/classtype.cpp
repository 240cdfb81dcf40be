// classtype: the category of the alert, from classification.config, and with it the priority.
//
//   classtype:NAME      case ignored
//   classtype:trojan-activity;
//
// An unknown class is a warning; its priority is 3. Of several the one with the highest priority (smallest number)
// counts.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

bool is_class_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || !letter(name.front())) return false;
  for (const char c : name) {
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_') return false;
  }
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  if (!is_class_name(option.value)) {
    builder.error(option.value, "signature.classtype.name",
                  "a class name begins with a letter and has letters, digits, '-' and '_'");
    return;
  }
  const ClassificationTable* table = builder.context().classifications;
  const Classification* found = table != nullptr ? table->find(option.value) : nullptr;
  if (found == nullptr) {
    if (table != nullptr) {
      builder.warning(option.value, "signature.classtype.unknown",
                      "class \"" + std::string(option.value) + "\" is not defined; its priority is 3");
    }
    if (builder.facts().classtype.empty()) builder.facts().classtype = option.text;
    return;
  }
  if (!builder.facts().classtype.empty()) {
    builder.warning(option.text, "signature.classtype.duplicate", "a second classtype; the highest priority counts");
    if (!builder.info().category.empty() && found->priority >= builder.facts().class_priority) return;
  }
  builder.facts().classtype = option.text;
  builder.facts().class_priority = found->priority;
  builder.info().category = found->description;
}

}  // namespace

const Keyword& keyword_classtype() {
  static constexpr Keyword keyword{.name = "classtype",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "classtype:NAME;",
                                   .help = "The category of the alert.",
                                   .example = "classtype:trojan-activity;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
