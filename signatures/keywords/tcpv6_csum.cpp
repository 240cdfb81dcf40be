// tcpv6-csum: the TCP checksum of an IPv6 packet is right or wrong.
//
//   tcpv6-csum:valid|invalid
//   tcpv6-csum:invalid;
#include "datapath/decode/checksum_check.h"
#include "signatures/keywords/checksum_test.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  apply_checksum(
      builder, option, [](const decode::PacketView& p) { return p.has_tcp && p.family == IpFamily::kV6; },
      [](const decode::PacketView& p) { return p.l4_checksum_bad || decode::transport_checksum_wrong(p); });
}

}  // namespace

const Keyword& keyword_tcpv6_csum() {
  static constexpr Keyword keyword{.name = "tcpv6-csum",
                                   .syntax = "tcpv6-csum:valid|invalid;",
                                   .help = "The TCP checksum of an IPv6 packet is right or wrong.",
                                   .example = "tcpv6-csum:invalid;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
