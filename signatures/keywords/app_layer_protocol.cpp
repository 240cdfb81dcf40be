// app-layer-protocol: the application protocol that was found in the conversation, whatever the port.
//
//   app-layer-protocol:[!]NAME|failed
//   app-layer-protocol:!tls;
//
// The name is checked; loading waits for protocol detection to be built in.
#include "signatures/keywords/known_names.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.mark_beyond_addresses(option);
  const std::string_view name = option.argument;
  if (name != "failed" && (!is_application_protocol(name) || to_lower(name) != name)) {
    builder.error(name, "signature.app_layer_protocol.unknown",
                  "\"" + printable(name) + "\" is no application protocol");
    return;
  }
  RuleFacts& facts = builder.facts();
  if (facts.positive_application || (facts.negative_application && !option.negated)) {
    builder.error(option.text, "signature.app_layer_protocol.conflict", "only several negated protocols go together");
    return;
  }
  (option.negated ? facts.negative_application : facts.positive_application) = true;
  builder.error(option.text, "signature.keyword.protocol_buffer",
                "app-layer-protocol needs protocol detection, which is not built in yet");
}

}  // namespace

const Keyword& keyword_app_layer_protocol() {
  static constexpr Keyword keyword{.name = "app-layer-protocol",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "app-layer-protocol:[!]NAME;",
                                   .help = "The application protocol that was found.",
                                   .example = "",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
