// tcp.flags (also flags): the flags of a TCP packet.
//
//   tcp.flags:[+|*|!]LETTERS[,IGNORED]      F S R P A U, C or 1 (CWR), E or 2 (ECE), 0 for none
//   flags:S,12;      exactly SYN, whatever CWR and ECE are
//   flags:+SA;       SYN and ACK and perhaps others
//
// The letters alone mean exactly these flags, '*' any of them, '!' not all of them.
#include "signatures/keywords/flag_test.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

std::uint8_t flag_bit(char c) {
  using namespace decode::tcp_flag;
  switch (c) {
    case 'F': return kFin;
    case 'S': return kSyn;
    case 'R': return kRst;
    case 'P': return kPsh;
    case 'A': return kAck;
    case 'U': return kUrg;
    case 'E':
    case '2': return kEce;
    case 'C':
    case '1': return kCwr;
    default: return 0;
  }
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  auto test = parse_flag_test(parts[0], flag_bit);
  bool fine = test.has_value() && parts.size() <= 2;
  if (fine && parts.size() == 2) {
    const auto ignored = parse_flag_test(parts[1], flag_bit);
    fine = ignored && ignored->mode == FlagTest::Mode::kExactly;
    if (fine) test->ignored = ignored->bits;
  }
  if (!fine) {
    builder.error(option.value, "signature.flags.syntax", "expected TCP flags such as S, SA, +SA or S,12",
                  "letters are F S R P A U C E, 1 for C, 2 for E, 0 for none; signs are + * !");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    return input.packet->has_tcp && test.holds(input.packet->tcp.flags);
  });
}

}  // namespace

const Keyword& keyword_flags() {
  static constexpr Keyword keyword{.name = "tcp.flags",
                                   .alias = "flags",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "tcp.flags:[+|*|!]LETTERS[,IGNORED];",
                                   .help = "The flags of a TCP packet.",
                                   .example = "tcp.flags:S,12;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
