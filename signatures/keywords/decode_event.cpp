// decode-event: the packet has this decoder event (datapath/decode/decode_events.def).
//
//   decode-event:NAME      case ignored
//   alert pkthdr any any -> any any (decode-event:ipv4.pkt_too_small; sid:1;)
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto event = decode::find_decode_event(to_lower(option.value));
  if (!event) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < decode::kDecodeEventCount; ++i) {
      names.emplace_back(decode::info(static_cast<decode::DecodeEvent>(i)).name);
    }
    const std::string near = nearest_word(to_lower(option.value), names);
    builder.error(option.value, "signature.decode_event.unknown",
                  "\"" + printable(option.value) + "\" is no decoder event",
                  near.empty() ? "" : "did you mean " + near + "?");
    return;
  }
  builder.facts().decode_event = true;
  builder.add_condition(
      option, [event = *event](const MatchInput& input) { return input.packet->events.contains(event); },
      PacketCondition::Gate::kDecodeEvents);
}

}  // namespace

const Keyword& keyword_decode_event() {
  static constexpr Keyword keyword{.name = "decode-event",
                                   .syntax = "decode-event:NAME;",
                                   .help = "The packet has this decoder event.",
                                   .example = "decode-event:ipv4.pkt_too_small;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
