// stream-event: the packet raised this event of the TCP stream engine (datapath/stream/stream_events.def).
//
//   stream-event:NAME      case ignored
//   stream-event:est_invalid_ack;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto event = stream::find_stream_event(to_lower(option.value));
  if (!event) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < stream::kStreamEventCount; ++i) {
      names.emplace_back(stream::info(static_cast<stream::StreamEvent>(i)).name);
    }
    const std::string near = nearest_word(to_lower(option.value), names);
    builder.error(option.value, "signature.stream_event.unknown",
                  "\"" + printable(option.value) + "\" is no stream event",
                  near.empty() ? "" : "did you mean " + near + "?");
    return;
  }
  builder.add_condition(
      option,
      [event = *event](const MatchInput& input) {
        return input.stream_events != nullptr && input.stream_events->contains(event);
      },
      PacketCondition::Gate::kStreamEvents);
}

}  // namespace

const Keyword& keyword_stream_event() {
  static constexpr Keyword keyword{.name = "stream-event",
                                   .syntax = "stream-event:NAME;",
                                   .help = "The packet raised this event of the stream engine.",
                                   .example = "stream-event:est_invalid_ack;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
