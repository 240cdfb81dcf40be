// rpc: a call of Sun RPC (RFC 5531): program, version, procedure.
//
//   rpc:PROGRAM[,VERSION|*[,PROCEDURE|*]]
//   rpc:100000,*,3;
//
// Over TCP the call begins behind the record mark. What is left out, or '*', may be anything.
#include "datapath/base/big_endian.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

constexpr std::size_t kRecordMark = 4, kCallHeader = 24;
constexpr std::uint32_t kCall = 0, kRpcVersion = 2;

struct Call {
  std::uint32_t program = 0;
  std::optional<std::uint32_t> version, procedure;
};

bool holds(const Call& call, const decode::PacketView& packet) {
  ByteSpan bytes = packet.payload;
  if (packet.has_tcp) {
    if (bytes.size() < kRecordMark) return false;
    bytes = bytes.subspan(kRecordMark);
  } else if (!packet.has_udp) {
    return false;
  }
  if (bytes.size() < kCallHeader) return false;
  const auto word = [&](std::size_t n) { return load_be32(bytes.data() + 4 * n); };
  return word(1) == kCall && word(2) == kRpcVersion && word(3) == call.program &&
         (!call.version || word(4) == *call.version) && (!call.procedure || word(5) == *call.procedure);
}

bool take_number(std::string_view text, std::optional<std::uint32_t>& to) {
  if (text == "*") return true;
  to = parse_number<std::uint32_t>(text);
  return to.has_value();
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  const auto program = parse_number<std::uint32_t>(parts[0]);
  Call call;
  if (!program || parts.size() > 3 || (parts.size() > 1 && !take_number(parts[1], call.version)) ||
      (parts.size() > 2 && !take_number(parts[2], call.procedure))) {
    builder.error(option.value, "signature.rpc.syntax", "expected a program, a version and a procedure",
                  "rpc:100000,*,3");
    return;
  }
  call.program = *program;
  builder.add_packet_condition(option, [call](const MatchInput& input) { return holds(call, *input.packet); });
}

}  // namespace

const Keyword& keyword_rpc() {
  static constexpr Keyword keyword{.name = "rpc",
                                   .syntax = "rpc:PROGRAM[,VERSION|*[,PROCEDURE|*]];",
                                   .help = "A call of Sun RPC: program, version, procedure.",
                                   .example = "rpc:100000,*,3;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
