// ipv4-csum: the checksum of the IPv4 header is right or wrong.
//
//   ipv4-csum:valid|invalid
//   ipv4-csum:invalid;
#include "datapath/decode/checksum_check.h"
#include "signatures/keywords/checksum_test.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  apply_checksum(
      builder, option, [](const decode::PacketView& p) { return p.family == IpFamily::kV4; },
      [](const decode::PacketView& p) { return p.ip_checksum_bad || decode::ip_checksum_wrong(p); });
}

}  // namespace

const Keyword& keyword_ipv4_csum() {
  static constexpr Keyword keyword{.name = "ipv4-csum",
                                   .syntax = "ipv4-csum:valid|invalid;",
                                   .help = "The checksum of the IPv4 header is right or wrong.",
                                   .example = "ipv4-csum:invalid;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
