// app-layer-event: something odd that a protocol's parser, or the detection of protocols, noticed.
//
//   app-layer-event:PROTOCOL.EVENT   app-layer-event:applayer_EVENT
//   app-layer-event:http.request_body_unexpected;
#include <algorithm>

#include "datapath/app/protocol_table.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.mark_beyond_addresses(option);
  app::AppEvent packet_event{};
  if (app::find_app_event(option.value, packet_event)) {
    builder.add_condition(option, [packet_event](const MatchInput& input) {
      if (input.application == nullptr) return false;
      const auto& events = input.application->events;
      return std::find(events.begin(), events.end(), packet_event) != events.end();
    });
    return;
  }
  const auto event = app::find_event(option.value);
  const std::string_view prefix = option.value.substr(0, option.value.find('.'));
  if (!event && prefix.size() < option.value.size() && app::has_event_prefix(prefix)) {
    builder.leave_out(
        option.value, "signature.app_layer_event.unknown",
        "\"" + printable(option.value) + "\" is no event of " + std::string(prefix) + ": the rule is left out");
    return;
  }
  if (!event) {
    builder.error(option.value, "signature.app_layer_event.unknown",
                  "\"" + printable(option.value) + "\" is no event of a protocol that is built in");
    return;
  }
  builder.add_transaction_condition(
      {app::AppProtocolSet().set(app::index_of(event->protocol->id)),
       {0, 0},
       std::string(option.text),
       [id = event->event](const app::Protocol&, const app::Transaction& tx, bulkhead::Direction) {
         return std::find(tx.events.begin(), tx.events.end(), id) != tx.events.end();
       }});
}

}  // namespace

const Keyword& keyword_app_layer_event() {
  static constexpr Keyword keyword{.name = "app-layer-event",
                                   .syntax = "app-layer-event:PROTOCOL.EVENT;",
                                   .help = "Something odd that a protocol's parser noticed.",
                                   .example = "app-layer-event:http.request_body_unexpected;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
