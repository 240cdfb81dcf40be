// stream_size: how many sequence numbers a side of the TCP connection has used so far, its SYN included.
//
//   stream_size:server|client|both|either,[<|>|=|!=|<=|>=],N      N from 0 to 4294967295
//   stream_size:client,<,100;
//
// Payload is then inspected packet by packet and on the stream.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

enum class Side : std::uint8_t { kServer, kClient, kBoth, kEither };

std::optional<Side> side_of(std::string_view word) {
  if (word == "server") return Side::kServer;
  if (word == "client") return Side::kClient;
  if (word == "both") return Side::kBoth;
  if (word == "either") return Side::kEither;
  return std::nullopt;
}

std::optional<NumberTest::Mode> mode_of(std::string_view sign) {
  using Mode = NumberTest::Mode;
  if (sign == "<") return Mode::kLess;
  if (sign == ">") return Mode::kGreater;
  if (sign == "=") return Mode::kEqual;
  if (sign == "!=" || sign == "!") return Mode::kNotEqual;
  if (sign == "<=") return Mode::kLessEqual;
  if (sign == ">=") return Mode::kGreaterEqual;
  return std::nullopt;
}

bool holds(const MatchInput& input, Side side, const NumberTest& test) {
  if (input.tcp == nullptr) return false;
  const bool client = test.holds(input.tcp->stream_size(bulkhead::Direction::kToServer));
  const bool server = test.holds(input.tcp->stream_size(bulkhead::Direction::kToClient));
  switch (side) {
    case Side::kServer: return server;
    case Side::kClient: return client;
    case Side::kBoth: return server && client;
    case Side::kEither: return server || client;
  }
  return false;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  const auto side = side_of(parts[0]);
  const auto mode = parts.size() == 3 ? mode_of(parts[1]) : std::nullopt;
  const auto number = parts.size() == 3 ? parse_number<std::uint32_t>(parts[2]) : std::nullopt;
  if (!side || !mode || !number) {
    builder.error(option.value, "signature.stream_size.syntax", "expected a side, a comparison and a number",
                  "stream_size:client,<,100");
    return;
  }
  builder.facts().uses_stream_size = true;
  builder.add_condition(option, [side = *side, test = NumberTest{*mode, *number, 0}](const MatchInput& input) {
    return holds(input, side, test);
  });
}

}  // namespace

const Keyword& keyword_stream_size() {
  static constexpr Keyword keyword{.name = "stream_size",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "stream_size:server|client|both|either,OPERATOR,N;",
                                   .help = "The sequence numbers a side of a TCP connection has used.",
                                   .example = "stream_size:client,<,100;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
