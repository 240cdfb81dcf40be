#include "rules/nft/block_sets.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <iterator>
#include <utility>

#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

namespace {

constexpr std::uint64_t kBucketIdleMs = 60'000;

const char* kind_word(BlockSetKind kind) {
  switch (kind) {
    case BlockSetKind::kSource: return "source";
    case BlockSetKind::kPair: return "pair";
    case BlockSetKind::kProtocol: return "proto";
    case BlockSetKind::kFlow: return "flow";
    case BlockSetKind::kLimit: return "limit";
  }
  return "source";
}

std::string rate_set_name(IpFamily version) {
  return version == IpFamily::kV4 ? "block4-rate" : "block6-rate";
}

// A second's worth may come at once.
NftRule rate_rule(NftFamily family, IpFamily version, std::uint32_t packets_per_second) {
  return limited_source(family, version)
      .meter(rate_set_name(version), kBucketIdleMs, packets_per_second, true)
      .counter()
      .verdict(NF_DROP)
      .done(block_set_name(version, BlockSetKind::kLimit));
}

NftRule block_rule(NftFamily family, IpFamily version, BlockSetKind kind) {
  // One register word for an IPv4 address, four for IPv6; every later field takes one.
  const Register words = version == IpFamily::kV4 ? 1 : 4;
  const auto reg = [&](unsigned addresses, unsigned fields) {
    return static_cast<Register>(kFirstRegister + addresses * words + fields);
  };
  RuleBuilder rule(family);
  rule.ip_version(version).load_address(version, PacketSide::kSource, reg(0, 0));
  if (kind != BlockSetKind::kSource) rule.load_address(version, PacketSide::kDestination, reg(1, 0));
  if (kind == BlockSetKind::kProtocol || kind == BlockSetKind::kFlow) rule.load_protocol(reg(2, 0));
  if (kind == BlockSetKind::kFlow) {
    rule.load_port(PacketSide::kSource, reg(2, 1)).load_port(PacketSide::kDestination, reg(2, 2));
  }
  const std::string name = block_set_name(version, kind);
  return rule.in_set(name).counter().verdict(NF_DROP).done(name);
}

}  // namespace

std::string block_set_name(IpFamily version, BlockSetKind kind) {
  return std::string(version == IpFamily::kV4 ? "block4-" : "block6-") + kind_word(kind);
}

std::vector<NftType> block_set_key(IpFamily version, BlockSetKind kind) {
  const NftType address = version == IpFamily::kV4 ? NftType::kIpv4 : NftType::kIpv6;
  switch (kind) {
    case BlockSetKind::kSource: return {address};
    case BlockSetKind::kPair: return {address, address};
    case BlockSetKind::kProtocol: return {address, address, NftType::kProtocol};
    case BlockSetKind::kFlow: return {address, address, NftType::kProtocol, NftType::kService, NftType::kService};
    case BlockSetKind::kLimit: return {address};
  }
  return {address};
}

std::string block_ends_name(IpFamily version) {
  return version == IpFamily::kV4 ? "block4-ends" : "block6-ends";
}

std::vector<NftSet> block_sets(std::uint32_t size) {
  std::vector<NftSet> out;
  for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
    for (const BlockSetKind kind : kBlockSetKinds) {
      NftSet set;
      set.name = block_set_name(version, kind);
      set.key = block_set_key(version, kind);
      set.timeouts = true;
      set.size = size;
      set.dynamic_elements = true;
      out.push_back(std::move(set));
    }
    NftSet buckets;
    buckets.name = rate_set_name(version);
    buckets.key = block_set_key(version, BlockSetKind::kLimit);
    buckets.timeouts = buckets.from_packets = buckets.dynamic_elements = true;
    buckets.size = size * 2;  // of limits that have ended, too: a full set limits nobody new
    out.push_back(std::move(buckets));
    NftSet ends;
    ends.name = block_ends_name(version);
    ends.key = block_set_key(version, BlockSetKind::kSource);
    ends.timeouts = true;
    ends.size = size * 2 * static_cast<std::uint32_t>(std::size(kBlockSetKinds));  // two ends of each block
    ends.dynamic_elements = true;
    out.push_back(std::move(ends));
  }
  return out;
}

std::vector<NftRule> block_entries(NftFamily family) {
  std::vector<NftRule> out;
  for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
    RuleBuilder rule(family);
    rule.ip_version(version).load_address(version, PacketSide::kSource).in_set(block_ends_name(version));
    out.push_back(rule.verdict(NFT_JUMP, "block").done());
  }
  return out;
}

std::vector<NftChain> block_hooks() {
  std::vector<NftChain> out;
  for (const auto& [name, hook] : {std::pair{"block-in", NF_INET_PRE_ROUTING}, {"block-out", NF_INET_LOCAL_OUT}}) {
    NftChain chain;
    chain.name = name;
    chain.hook = NftHook{"filter", hook, kBlockPriority, NF_ACCEPT, {}};
    chain.rules = block_entries(NftFamily::kInet);
    chain.needed_by = {block_ends_name(IpFamily::kV4), block_ends_name(IpFamily::kV6)};
    out.push_back(std::move(chain));
  }
  return out;
}

void append_block_hooks(NftBatch& batch, const std::string& table) {
  for (NftChain& chain : block_hooks()) {
    NftCommand command;
    command.family = NftFamily::kInet;
    command.table = table;
    command.name = chain.name;
    command.op = NftOp::kAddChain;
    command.hook = chain.hook;
    batch.push_back(command);
    command.hook.reset();
    command.op = NftOp::kFlushChain;
    batch.push_back(command);
    command.op = NftOp::kAddRule;
    for (NftRule& rule : chain.rules) {
      command.rule = std::move(rule);
      batch.push_back(command);
    }
  }
}

RuleBuilder limited_source(NftFamily family, IpFamily version) {
  RuleBuilder out(family);
  out.ip_version(version).load_address(version, PacketSide::kSource);
  return out.in_set(block_set_name(version, BlockSetKind::kLimit));
}

NftChain block_chain(NftFamily family, std::uint32_t packets_per_second) {
  NftChain chain;
  chain.name = "block";
  for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
    for (const BlockSetKind kind : kBlockSetKinds) {
      chain.rules.push_back(kind == BlockSetKind::kLimit ? rate_rule(family, version, packets_per_second)
                                                         : block_rule(family, version, kind));
    }
  }
  return chain;
}

}  // namespace bulkhead::rules
