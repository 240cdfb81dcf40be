// engine-event: an event of the decoder or the stream engine, by its whole name.
//
//   engine-event:decoder.NAME|stream.NAME      case ignored
//   engine-event:stream.est_invalid_ack;
//
// decode-event and stream-event name the same without the first word.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

constexpr std::string_view kDecoder = "decoder.", kStream = "stream.";

void apply(RuleBuilder& builder, const Option& option) {
  const std::string name = to_lower(option.value);
  if (name.starts_with(kStream)) {
    if (const auto event = stream::find_stream_event(std::string_view(name).substr(kStream.size()))) {
      builder.add_condition(
          option,
          [event = *event](const MatchInput& input) {
            return input.stream_events != nullptr && input.stream_events->contains(event);
          },
          PacketCondition::Gate::kStreamEvents);
      return;
    }
  } else if (name.starts_with(kDecoder)) {
    if (const auto event = decode::find_decode_event(std::string_view(name).substr(kDecoder.size()))) {
      builder.facts().decode_event = true;
      builder.add_condition(
          option, [event = *event](const MatchInput& input) { return input.packet->events.contains(event); },
          PacketCondition::Gate::kDecodeEvents);
      return;
    }
  }
  builder.error(option.value, "signature.engine_event.unknown",
                "\"" + printable(option.value) + "\" is no event of the engine", "decoder.NAME or stream.NAME");
}

}  // namespace

const Keyword& keyword_engine_event() {
  static constexpr Keyword keyword{.name = "engine-event",
                                   .syntax = "engine-event:decoder.NAME|stream.NAME;",
                                   .help = "An event of the decoder or the stream engine, by its whole name.",
                                   .example = "engine-event:stream.est_invalid_ack;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
