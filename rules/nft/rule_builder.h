// Puts nf_tables rules together from conditions: "ip daddr in this set", "tcp port in these ranges".
//
// Thread   value type, used by the renderer only.
// Families in the inet family the IP version is `meta nfproto`, in bridge and netdev `meta protocol`.
// Tests    through tests/unit/rules/nft/nft_renderer_test.cpp
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "datapath/base/ip_address.h"
#include "rules/compile/address_set.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

// Where an address or a port lies in the packet.
enum class PacketSide : std::uint8_t { kSource, kDestination };

class RuleBuilder {
 public:
  explicit RuleBuilder(NftFamily family) : family_(family) {}

  RuleBuilder& ip_version(IpFamily version);
  // Loads the address into `at`; conditions and lookups follow.
  RuleBuilder& load_address(IpFamily version, PacketSide side, Register at = kFirstRegister);
  RuleBuilder& load_protocol(Register at = kFirstRegister);
  RuleBuilder& load_port(PacketSide side, Register at = kFirstRegister);
  RuleBuilder& load_interface(bool output, Register at = kFirstRegister);
  // The interface is `pattern`, or begins with what stands before its final *.
  RuleBuilder& interface_like(bool output, const std::string& pattern);
  // Index of the interface that the packet came in by.
  RuleBuilder& load_index(Register at = kFirstRegister);
  // A constant as part of a key.
  RuleBuilder& load_constant(std::uint32_t value, Register at);
  // 1 when the IPv6 extension header or IPv4 option is there, else 0.
  RuleBuilder& load_present(IpFamily version, std::uint8_t type);
  // Bytes of an IPv6 extension header; the rule does not match where there is no such header.
  RuleBuilder& load_exthdr(std::uint8_t type, std::uint32_t offset, std::uint32_t length);
  // The packet's mark equals `mark`.
  RuleBuilder& mark_is(std::uint32_t mark);
  // The packet's mark, the mark of its connection: into the first register, and from there back.
  RuleBuilder& load_mark();
  RuleBuilder& load_ct_mark();
  RuleBuilder& set_mark();
  RuleBuilder& set_ct_mark();
  // result = (register & mask) ^ flip, numbers of the kernel's own.
  RuleBuilder& bits(std::uint32_t mask, std::uint32_t flip);
  // To the readers of `count` queues from `first` on, chosen by the flow's addresses. `bypass`: without a reader the
  // packet passes. The x_tables target: kernels without the nft queue expression have it.
  RuleBuilder& queue(std::uint16_t first, std::uint16_t count, bool bypass);
  RuleBuilder& load(std::uint32_t base, std::uint32_t offset, std::uint32_t length, Register at = kFirstRegister);
  RuleBuilder& equals(Bytes value);
  RuleBuilder& differs(Bytes value);
  RuleBuilder& masked(Bytes mask);
  RuleBuilder& between(Bytes first, Bytes last);
  RuleBuilder& in_set(const std::string& set, bool invert = false);
  RuleBuilder& update(const std::string& set, std::uint64_t timeout_ms, Register at = kFirstRegister);
  // A token bucket for each key in the register; the rule matches within the rate, with NFT_LIMIT_F_INV beyond it.
  RuleBuilder& meter(const std::string& set, std::uint64_t timeout_ms, const ExprLimit& rate);
  RuleBuilder& meter(const std::string& set, std::uint64_t timeout_ms, std::uint32_t per_second, bool over);
  RuleBuilder& vmap(const std::string& map, Register at = kFirstRegister);
  // The value of the map takes the key's place.
  RuleBuilder& mapped(const std::string& map);
  RuleBuilder& protocol(std::uint8_t number);
  // At most `count` connections for each key in the register.
  RuleBuilder& open_at_most(const std::string& set, std::uint32_t count);
  // The connection was there before this packet, or not.
  RuleBuilder& ct_known(bool known);
  // It has been answered, and is expected to go on (IPS_ASSURED).
  RuleBuilder& ct_assured();
  // The packet goes the way of the connection's first.
  RuleBuilder& ct_original();
  // ct state in the bits of `states` (NF_CT_STATE_BIT).
  RuleBuilder& ct_state(std::uint32_t states);
  RuleBuilder& limit(std::uint32_t per_second);
  RuleBuilder& log(const std::string& prefix);
  // To the readers of this nflog group instead of the kernel log.
  RuleBuilder& log_to_group(const std::string& prefix, std::uint16_t group);
  RuleBuilder& counter();
  // Out of the interface of this index; netdev family.
  RuleBuilder& forward(std::uint32_t index);
  RuleBuilder& verdict(std::int32_t code, const std::string& chain = {});
  RuleBuilder& reject_tcp();
  RuleBuilder& reject_unreachable();

  [[nodiscard]] NftRule done(std::string comment = {}) {
    NftRule rule;
    rule.expressions = std::move(expressions_);
    rule.comment = std::move(comment);
    return rule;
  }

 private:
  NftFamily family_;
  std::vector<Expression> expressions_;
};

[[nodiscard]] Bytes address_bytes(const IpAddress& address);
[[nodiscard]] Bytes host_bytes(std::uint32_t value);  // as registers hold numbers of the kernel's own
[[nodiscard]] Bytes be16_bytes(std::uint16_t value);
[[nodiscard]] Bytes interface_bytes(const std::string& name);  // 16 bytes, zero padded

}  // namespace bulkhead::rules
