// icmpv6-csum: the checksum of an ICMPv6 message is right or wrong.
//
//   icmpv6-csum:valid|invalid
//   icmpv6-csum:invalid;
#include "datapath/decode/checksum_check.h"
#include "signatures/keywords/checksum_test.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  apply_checksum(
      builder, option, [](const decode::PacketView& p) { return p.has_icmpv6; },
      [](const decode::PacketView& p) { return p.l4_checksum_bad || decode::transport_checksum_wrong(p); });
}

}  // namespace

const Keyword& keyword_icmpv6_csum() {
  static constexpr Keyword keyword{.name = "icmpv6-csum",
                                   .syntax = "icmpv6-csum:valid|invalid;",
                                   .help = "The checksum of an ICMPv6 message is right or wrong.",
                                   .example = "icmpv6-csum:invalid;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
