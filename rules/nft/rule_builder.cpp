#include "rules/nft/rule_builder.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>

#include <algorithm>
#include <cstring>

namespace bulkhead::rules {

namespace {

constexpr std::uint32_t kStatusConfirmed = 1U << 3;  // IPS_CONFIRMED
constexpr std::uint32_t kStatusAssured = 4;          // IPS_ASSURED of linux/netfilter/nf_conntrack_common.h

}  // namespace

Bytes address_bytes(const IpAddress& address) {
  return {address.bytes().begin(), address.bytes().begin() + static_cast<std::ptrdiff_t>(address.size())};
}
Bytes host_bytes(std::uint32_t value) {
  Bytes out(sizeof value);
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}
Bytes be16_bytes(std::uint16_t value) {
  return {static_cast<Byte>(value >> 8), static_cast<Byte>(value)};
}
Bytes interface_bytes(const std::string& name) {
  Bytes out(16, 0);
  std::copy_n(name.begin(), std::min<std::size_t>(name.size(), 15), out.begin());
  return out;
}

RuleBuilder& RuleBuilder::ip_version(IpFamily version) {
  if (family_ == NftFamily::kBridge || family_ == NftFamily::kNetdev) {
    expressions_.emplace_back(ExprMeta{NFT_META_PROTOCOL, kFirstRegister});
    return equals(be16_bytes(version == IpFamily::kV4 ? ETH_P_IP : ETH_P_IPV6));
  }
  expressions_.emplace_back(ExprMeta{NFT_META_NFPROTO, kFirstRegister});
  return equals({static_cast<Byte>(version == IpFamily::kV4 ? NFPROTO_IPV4 : NFPROTO_IPV6)});
}

RuleBuilder& RuleBuilder::load(std::uint32_t base, std::uint32_t offset, std::uint32_t length, Register at) {
  expressions_.emplace_back(ExprPayload{base, offset, length, at});
  return *this;
}

RuleBuilder& RuleBuilder::load_address(IpFamily version, PacketSide side, Register at) {
  const bool source = side == PacketSide::kSource;
  if (version == IpFamily::kV4) return load(NFT_PAYLOAD_NETWORK_HEADER, source ? 12 : 16, 4, at);
  return load(NFT_PAYLOAD_NETWORK_HEADER, source ? 8 : 24, 16, at);
}

RuleBuilder& RuleBuilder::load_protocol(Register at) {
  expressions_.emplace_back(ExprMeta{NFT_META_L4PROTO, at});
  return *this;
}

RuleBuilder& RuleBuilder::load_port(PacketSide side, Register at) {
  return load(NFT_PAYLOAD_TRANSPORT_HEADER, side == PacketSide::kSource ? 0 : 2, 2, at);
}

RuleBuilder& RuleBuilder::load_interface(bool output, Register at) {
  expressions_.emplace_back(ExprMeta{output ? NFT_META_OIFNAME : NFT_META_IIFNAME, at});
  return *this;
}

RuleBuilder& RuleBuilder::interface_like(bool output, const std::string& pattern) {
  load_interface(output);
  if (!pattern.ends_with('*')) return equals(interface_bytes(pattern));
  if (pattern.size() == 1) {
    expressions_.pop_back();
    return *this;
  }
  return equals(Bytes(pattern.begin(), pattern.end() - 1));
}

RuleBuilder& RuleBuilder::load_index(Register at) {
  expressions_.emplace_back(ExprMeta{NFT_META_IIF, at});
  return *this;
}
RuleBuilder& RuleBuilder::load_constant(std::uint32_t value, Register at) {
  expressions_.emplace_back(ExprImmediate{host_bytes(value), at});
  return *this;
}
RuleBuilder& RuleBuilder::load_present(IpFamily version, std::uint8_t type) {
  const std::uint32_t op = version == IpFamily::kV4 ? NFT_EXTHDR_OP_IPV4 : NFT_EXTHDR_OP_IPV6;
  expressions_.emplace_back(ExprExthdr{op, type, 0, 1, NFT_EXTHDR_F_PRESENT, kFirstRegister});
  return *this;
}

RuleBuilder& RuleBuilder::load_exthdr(std::uint8_t type, std::uint32_t offset, std::uint32_t length) {
  expressions_.emplace_back(ExprExthdr{NFT_EXTHDR_OP_IPV6, type, offset, length, 0, kFirstRegister});
  return *this;
}

RuleBuilder& RuleBuilder::mark_is(std::uint32_t mark) {
  expressions_.emplace_back(ExprMeta{NFT_META_MARK, kFirstRegister});
  return equals(host_bytes(mark));
}

RuleBuilder& RuleBuilder::load_mark() {
  expressions_.emplace_back(ExprMeta{NFT_META_MARK, kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::load_ct_mark() {
  expressions_.emplace_back(ExprCt{NFT_CT_MARK, std::nullopt, kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::set_mark() {
  expressions_.emplace_back(ExprMetaSet{NFT_META_MARK, kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::forward(std::uint32_t index) {
  expressions_.emplace_back(ExprImmediate{host_bytes(index), kFirstRegister});
  expressions_.emplace_back(ExprForward{kFirstRegister});
  return *this;
}

RuleBuilder& RuleBuilder::set_ct_mark() {
  expressions_.emplace_back(ExprCtSet{NFT_CT_MARK, kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::bits(std::uint32_t mask, std::uint32_t flip) {
  expressions_.emplace_back(ExprBitwise{host_bytes(mask), host_bytes(flip), kFirstRegister, kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::queue(std::uint16_t first, std::uint16_t count, bool bypass) {
  xt_NFQ_info_v3 info{};
  info.queuenum = first;
  info.queues_total = count;
  info.flags = bypass ? NFQ_FLAG_BYPASS : 0;
  Bytes data((sizeof info + 7) & ~std::size_t{7}, 0);  // the kernel rounds up to eight bytes
  std::memcpy(data.data(), &info, sizeof info);
  expressions_.emplace_back(ExprTarget{"NFQUEUE", 3, std::move(data)});
  return *this;
}

RuleBuilder& RuleBuilder::equals(Bytes value) {
  expressions_.emplace_back(ExprCmp{NFT_CMP_EQ, std::move(value), kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::differs(Bytes value) {
  expressions_.emplace_back(ExprCmp{NFT_CMP_NEQ, std::move(value), kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::masked(Bytes mask) {
  Bytes zero(mask.size(), 0);
  expressions_.emplace_back(ExprBitwise{std::move(mask), std::move(zero), kFirstRegister, kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::between(Bytes first, Bytes last) {
  if (first == last) return equals(std::move(first));
  expressions_.emplace_back(ExprRange{NFT_RANGE_EQ, std::move(first), std::move(last), kFirstRegister});
  return *this;
}
RuleBuilder& RuleBuilder::in_set(const std::string& set, bool invert) {
  expressions_.emplace_back(ExprLookup{set, kFirstRegister, std::nullopt, invert});
  return *this;
}
RuleBuilder& RuleBuilder::update(const std::string& set, std::uint64_t timeout_ms, Register at) {
  expressions_.emplace_back(ExprDynset{set, timeout_ms, NFT_DYNSET_OP_UPDATE, at, std::nullopt, std::nullopt});
  return *this;
}
RuleBuilder& RuleBuilder::meter(const std::string& set, std::uint64_t timeout_ms, std::uint32_t per_second, bool over) {
  const ExprLimit limit{per_second, 1, std::max<std::uint32_t>(per_second, 5), NFT_LIMIT_PKTS,
                        over ? std::uint32_t{NFT_LIMIT_F_INV} : 0};
  return meter(set, timeout_ms, limit);
}
RuleBuilder& RuleBuilder::meter(const std::string& set, std::uint64_t timeout_ms, const ExprLimit& rate) {
  expressions_.emplace_back(ExprDynset{set, timeout_ms, NFT_DYNSET_OP_UPDATE, kFirstRegister, rate, std::nullopt});
  return *this;
}
RuleBuilder& RuleBuilder::open_at_most(const std::string& set, std::uint32_t count) {
  expressions_.emplace_back(
      ExprDynset{set, 0, NFT_DYNSET_OP_UPDATE, kFirstRegister, std::nullopt, ExprConnlimit{count, 0}});
  return *this;
}
RuleBuilder& RuleBuilder::ct_known(bool known) {
  expressions_.emplace_back(ExprCt{NFT_CT_STATUS, std::nullopt, kFirstRegister});
  masked(host_bytes(kStatusConfirmed));
  return known ? differs(host_bytes(0)) : equals(host_bytes(0));
}
RuleBuilder& RuleBuilder::ct_assured() {
  expressions_.emplace_back(ExprCt{NFT_CT_STATUS, std::nullopt, kFirstRegister});
  return masked(host_bytes(kStatusAssured)).differs(host_bytes(0));
}
RuleBuilder& RuleBuilder::ct_original() {
  expressions_.emplace_back(ExprCt{NFT_CT_DIRECTION, std::nullopt, kFirstRegister});
  return equals({0});
}
RuleBuilder& RuleBuilder::vmap(const std::string& map, Register at) {
  expressions_.emplace_back(ExprLookup{map, at, kVerdictRegister, false});
  return *this;
}
RuleBuilder& RuleBuilder::mapped(const std::string& map) {
  expressions_.emplace_back(ExprLookup{map, kFirstRegister, kFirstRegister, false});
  return *this;
}
RuleBuilder& RuleBuilder::protocol(std::uint8_t number) {
  return load_protocol().equals({number});
}

RuleBuilder& RuleBuilder::ct_state(std::uint32_t states) {
  expressions_.emplace_back(ExprCt{NFT_CT_STATE, std::nullopt, kFirstRegister});
  Bytes mask(4, 0);
  std::memcpy(mask.data(), &states, sizeof states);  // registers hold it in host order
  return masked(std::move(mask)).differs({0, 0, 0, 0});
}

RuleBuilder& RuleBuilder::limit(std::uint32_t per_second) {
  expressions_.emplace_back(ExprLimit{per_second, 1, std::max<std::uint32_t>(per_second, 5), NFT_LIMIT_PKTS, 0});
  return *this;
}
RuleBuilder& RuleBuilder::log(const std::string& prefix) {
  expressions_.emplace_back(ExprLog{prefix, std::nullopt, NFT_LOGLEVEL_INFO});
  return *this;
}
RuleBuilder& RuleBuilder::log_to_group(const std::string& prefix, std::uint16_t group) {
  expressions_.emplace_back(ExprLog{prefix, group});
  return *this;
}
RuleBuilder& RuleBuilder::counter() {
  expressions_.emplace_back(ExprCounter{});
  return *this;
}
RuleBuilder& RuleBuilder::verdict(std::int32_t code, const std::string& chain) {
  expressions_.emplace_back(ExprVerdict{{code, chain}});
  return *this;
}
RuleBuilder& RuleBuilder::reject_tcp() {
  expressions_.emplace_back(ExprReject{NFT_REJECT_TCP_RST, 0});
  return *this;
}
RuleBuilder& RuleBuilder::reject_unreachable() {
  expressions_.emplace_back(ExprReject{NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED});
  return *this;
}

}  // namespace bulkhead::rules
