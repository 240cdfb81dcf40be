// app-layer-protocol: the application protocol that was found in the conversation, whatever the port.
//
//   app-layer-protocol:[!]NAME|failed
//   app-layer-protocol:!tls;
//
// In a rule that asks for nothing else: holds on the packet with which the protocol of its direction was decided, once
// per direction. With other conditions: on every packet of a direction whose protocol is known.
#include <algorithm>
#include <string>

#include "datapath/app/application_protocol.h"
#include "signatures/keywords/known_names.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.mark_beyond_addresses(option);
  const std::string_view name = option.argument;
  app::AppProtocolSet wanted = app::app_protocols_of_rule_name(name);
  if (name == "failed") wanted.set(app::index_of(app::AppProtocol::kFailed));
  const bool known = wanted.any() || is_application_protocol(name);
  if (!known || to_lower(name) != name) {
    builder.error(name, "signature.app_layer_protocol.unknown",
                  "\"" + printable(name) + "\" is no application protocol");
    return;
  }
  RuleFacts& facts = builder.facts();
  if (builder.names_protocol()) {
    builder.error(option.text, "signature.app_layer_protocol.conflict",
                  "the header or a keyword before it names the protocol already");
    return;
  }
  if (facts.positive_application || (facts.negative_application && !option.negated)) {
    builder.error(option.text, "signature.app_layer_protocol.conflict", "only several negated protocols go together");
    return;
  }
  const auto& earlier = builder.signature().conditions;
  const std::string text = "app-layer-protocol:" + std::string(option.value);
  if (std::any_of(earlier.begin(), earlier.end(), [&](const auto& c) { return to_lower(c->describe()) == text; })) {
    builder.error(option.text, "signature.app_layer_protocol.duplicate", "this protocol is excluded already");
    return;
  }
  (option.negated ? facts.negative_application : facts.positive_application) = true;
  ++facts.application_conditions;
  builder.add_condition(option,
                        [wanted, negated = option.negated, once = facts.application_once](const MatchInput& input) {
                          if (input.application == nullptr) return false;
                          const app::AppSide& side = input.application->sides[index_of(input.direction)];
                          return (side.fresh || !*once) && side.detected != app::AppProtocol::kUnknown &&
                                 wanted[app::index_of(side.detected)] != negated;
                        });
}

}  // namespace

const Keyword& keyword_app_layer_protocol() {
  static constexpr Keyword keyword{.name = "app-layer-protocol",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "app-layer-protocol:[!]NAME;",
                                   .help = "The application protocol that was found.",
                                   .example = "app-layer-protocol:http;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
