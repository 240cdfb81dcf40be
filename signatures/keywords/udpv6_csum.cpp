// udpv6-csum: the UDP checksum of an IPv6 packet is right or wrong.
//
//   udpv6-csum:valid|invalid
//   udpv6-csum:invalid;
#include "datapath/decode/checksum_check.h"
#include "signatures/keywords/checksum_test.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  apply_checksum(
      builder, option, [](const decode::PacketView& p) { return p.has_udp && p.family == IpFamily::kV6; },
      [](const decode::PacketView& p) { return p.l4_checksum_bad || decode::transport_checksum_wrong(p); });
}

}  // namespace

const Keyword& keyword_udpv6_csum() {
  static constexpr Keyword keyword{.name = "udpv6-csum",
                                   .syntax = "udpv6-csum:valid|invalid;",
                                   .help = "The UDP checksum of an IPv6 packet is right or wrong.",
                                   .example = "udpv6-csum:invalid;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
