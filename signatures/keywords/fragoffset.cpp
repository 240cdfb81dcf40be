// fragoffset: the fragment offset field: in units of eight bytes for IPv4, in bytes for IPv6, as Suricata has it.
//
//   fragoffset:[<|>]N      N from 0 to 65535
//   fragoffset:>0;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  std::string_view text = option.value;
  NumberTest::Mode mode = NumberTest::Mode::kEqual;
  if (text.front() == '<' || text.front() == '>') {
    mode = text.front() == '<' ? NumberTest::Mode::kLess : NumberTest::Mode::kGreater;
    text = trim_blanks(text.substr(1));
  }
  const auto number = parse_number<std::uint16_t>(text);
  if (!number) {
    builder.error(text, "signature.fragoffset.number", "expected a number from 0 to 65535, with < or > or none");
    return;
  }
  builder.add_packet_condition(option, [test = NumberTest{mode, *number, 0}](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    if (p.family == IpFamily::kV4) return test.holds(p.fragment_offset / 8);
    return p.family == IpFamily::kV6 && p.is_fragment && test.holds(p.fragment_offset);
  });
}

}  // namespace

const Keyword& keyword_fragoffset() {
  static constexpr Keyword keyword{.name = "fragoffset",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "fragoffset:[<|>]N;",
                                   .help = "The fragment offset field of the packet.",
                                   .example = "fragoffset:>0;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
