// icmpv4-csum: the checksum of an ICMP message is right or wrong.
//
//   icmpv4-csum:valid|invalid
//   icmpv4-csum:invalid;
#include "datapath/decode/checksum_check.h"
#include "signatures/keywords/checksum_test.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  apply_checksum(
      builder, option, [](const decode::PacketView& p) { return p.has_icmp; },
      [](const decode::PacketView& p) { return p.l4_checksum_bad || decode::transport_checksum_wrong(p); });
}

}  // namespace

const Keyword& keyword_icmpv4_csum() {
  static constexpr Keyword keyword{.name = "icmpv4-csum",
                                   .syntax = "icmpv4-csum:valid|invalid;",
                                   .help = "The checksum of an ICMP message is right or wrong.",
                                   .example = "icmpv4-csum:invalid;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
