// fragbits: the fragmentation bits of an IPv4 header.
//
//   fragbits:[+|*|!]LETTERS      M more fragments, D don't fragment, R reserved
//   fragbits:+M;
//
// The letters alone mean exactly these bits, '+' these and perhaps others, '*' any of them, '!' not all of them.
#include "signatures/keywords/flag_test.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

constexpr std::uint8_t kMore = 1, kDontFragment = 2, kReserved = 4;

std::uint8_t fragment_bit(char c) {
  switch (c) {
    case 'M': return kMore;
    case 'D': return kDontFragment;
    case 'R': return kReserved;
    default: return 0;
  }
}

std::uint8_t bits_of(const decode::PacketView& p) {
  return static_cast<std::uint8_t>((p.more_fragments ? kMore : 0) | (p.dont_fragment ? kDontFragment : 0) |
                                   (p.reserved_bit ? kReserved : 0));
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_flag_test(option.value, fragment_bit);
  if (!test || test->bits == 0) {
    builder.error(option.value, "signature.fragbits.syntax", "expected M, D and R, with a sign + * ! or none");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    return input.packet->family == IpFamily::kV4 && test.holds(bits_of(*input.packet));
  });
}

}  // namespace

const Keyword& keyword_fragbits() {
  static constexpr Keyword keyword{.name = "fragbits",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "fragbits:[+|*|!]LETTERS;",
                                   .help = "The fragmentation bits of an IPv4 header.",
                                   .example = "fragbits:+M;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
