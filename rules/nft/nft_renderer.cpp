#include "rules/nft/nft_renderer.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "rules/fast_path/flow_programs.h"
#include "rules/nft/admitted_flows.h"
#include "rules/nft/block_sets.h"
#include "rules/nft/content_hash.h"
#include "rules/nft/expression_codec.h"
#include "rules/nft/flow_rules.h"
#include "rules/nft/limit_renderer.h"
#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

namespace {

constexpr std::uint32_t kStateInvalid = 1, kStateEstablished = 2, kStateRelated = 4;  // NF_CT_STATE_BIT
constexpr IpFamily kVersions[] = {IpFamily::kV4, IpFamily::kV6};
const Bytes kOn = {1, 0, 0, 0};  // the element of a switch set
const IpAddress kBroadcast = *IpAddress::parse("255.255.255.255");

std::string name_of_rules(const std::string& prefix, const std::vector<NftRule>& rules) {
  ContentHash hash;
  std::vector<Byte> bytes;
  AttributeWriter out(bytes);
  for (const NftRule& rule : rules) {
    for (const Expression& expression : rule.expressions) encode_expression(out, expression);
    hash.add(rule.comment);
  }
  hash.add(bytes.data(), bytes.size());
  return prefix + "-" + hash.text();
}

constexpr std::size_t kDirectAddresses = 2048;  // dispatched without classes

std::string classes_name(FlowEnd end) {
  return std::string(to_string(end)) + "-classes";
}

// Numbers for the chains of programs: the first digits of their names, and the next free number where two chains have
// the same.
class ChainClasses {
 public:
  [[nodiscard]] std::uint32_t number_of(const std::string& chain) {
    auto number = static_cast<std::uint32_t>(std::stoul(chain.substr(chain.size() - 16, 8), nullptr, 16));
    while (owners_.try_emplace(number, chain).first->second != chain) ++number;
    return number;
  }
  [[nodiscard]] const std::map<std::uint32_t, std::string>& owners() const { return owners_; }

 private:
  std::map<std::uint32_t, std::string> owners_;
};

// One table of one family.
class TableRenderer {
 public:
  TableRenderer(NftFamily family, const PolicyTable* policy, const NftSettings& settings)
      : policy_(policy), settings_(settings) {
    table_.family = family;
    table_.name = settings.table;
    for (NftSet& set : block_sets(settings.block_set_size)) table_.sets.push_back(std::move(set));
    if (family == NftFamily::kBridge) {
      for (const IpFamily version : kVersions) table_.sets.push_back(admitted_set(version));
    }
    table_.chains.push_back(block_chain(family, settings.limited_packets));
  }

  NftTable take() { return std::move(table_); }

  void base_chain(const std::string& name, std::uint32_t hook, std::int32_t priority, std::vector<NftRule> rules) {
    NftChain chain;
    chain.name = name;
    chain.hook = NftHook{"filter", hook, priority, NF_ACCEPT};
    chain.rules = std::move(rules);
    table_.chains.push_back(std::move(chain));
  }
  void chain(NftChain chain) { table_.chains.push_back(std::move(chain)); }
  void plain_chain(const std::string& name, std::vector<NftRule> rules) {
    table_.chains.push_back({name, std::nullopt, std::move(rules)});
  }
  [[nodiscard]] RuleBuilder rule() const { return RuleBuilder(table_.family); }
  [[nodiscard]] NftRule jump(const std::string& chain) const { return rule().verdict(NFT_JUMP, chain).done(); }

  void judge_inet(bool fast_path);
  void judge_bridge(bool v4, bool v6, bool fast_path);
  void forward_bridge(bool judged, bool v4, bool v6, bool guarded);
  void guard();
  void gate();

 private:
  struct Variant {
    std::vector<Expression> conditions;
    std::uint8_t protocol = 0;  // 0: any
  };

  [[nodiscard]] const std::vector<Variant>& variants(std::uint32_t match, FlowEnd end);
  [[nodiscard]] std::vector<Variant> make_variants(const TableMatch& match, FlowEnd end);
  void add_ports(RuleBuilder builder, const TableMatch& match, std::uint8_t protocol, std::vector<Variant>& out);
  void address_condition(RuleBuilder& builder, const TableMatch& match, IpFamily version, PacketSide side);
  [[nodiscard]] std::string address_set(const TableMatch& match, IpFamily version);
  [[nodiscard]] std::string port_set(const std::vector<PortMatch>& ports);
  [[nodiscard]] std::string audit_chain(const Program& program, std::size_t begin, std::size_t end, FlowEnd flow_end);
  void add_step(const Step& step, FlowEnd end, const std::string& next_tier, std::vector<NftRule>& rules);
  void add_verdicts(const Step& step, const Variant& variant, const std::string& next_tier,
                    std::vector<NftRule>& rules);
  [[nodiscard]] NftRule with(const Variant& variant, NftRule tail) const;
  [[nodiscard]] std::string segment_chain(const Program& program, std::size_t begin, std::size_t end, FlowEnd flow_end,
                                          const std::string& next);
  [[nodiscard]] std::string program_chain(std::uint32_t program, FlowEnd end);
  [[nodiscard]] std::string limit_chain(std::uint32_t rule);
  void render_limits();
  void follow_flows(bool fast_path);
  void confirmed();
  [[nodiscard]] bool counts_packets() const;
  [[nodiscard]] RuleBuilder no_opening() const;
  [[nodiscard]] RuleBuilder to_itself(IpFamily version);
  void dispatch_maps(FlowEnd end);
  void add_chain_once(const std::string& name, std::vector<NftRule> rules);
  void add_set_once(NftSet set);
  [[nodiscard]] NftRule dispatch(IpFamily version, FlowEnd end) const;
  [[nodiscard]] bool has_classes() const;
  [[nodiscard]] static std::string map_name(IpFamily version, FlowEnd end);
  void link_signalling(std::vector<NftRule>& rules) const;
  [[nodiscard]] NftRule when(const char* switch_set, bool on, const std::string& chain) const;
  void switch_set(const std::string& name, std::chrono::milliseconds timeout);
  void address_sets(const std::string& name, bool only_judged);
  void midstream();
  void lapsed(bool output);
  void closed();
  [[nodiscard]] bool has_lease() const {
    return settings_.lease.count() != 0 && !(settings_.closed.empty() && settings_.fail_closed.empty());
  }

  const PolicyTable* policy_;
  const NftSettings& settings_;
  NftTable table_;
  std::set<std::string> names_;
  std::map<std::string, std::string> set_contents_;  // of the sets named by words
  std::map<std::pair<std::uint32_t, FlowEnd>, std::string> program_chains_;
  std::map<std::pair<std::uint32_t, FlowEnd>, std::vector<Variant>> variants_;  // by match
};

void TableRenderer::add_chain_once(const std::string& name, std::vector<NftRule> rules) {
  if (!names_.insert(name).second) return;
  plain_chain(name, std::move(rules));
}

void TableRenderer::add_set_once(NftSet set) {
  if (!names_.insert(set.name).second) return;
  table_.sets.push_back(std::move(set));
}

// Sets of peers that the inventory decides are named by the policy's words and change in place; the others by
// their content.
std::string TableRenderer::address_set(const TableMatch& match, IpFamily version) {
  NftSet set;
  set.key = {version == IpFamily::kV4 ? NftType::kIpv4 : NftType::kIpv6};
  set.interval = true;
  set.elements = interval_elements(match.peers, version);
  ContentHash hash;
  for (const NftElement& element : set.elements) hash.add(element.key.data(), element.key.size());
  const std::string prefix = version == IpFamily::kV4 ? "peers4-" : "peers6-";
  set.name = prefix + hash.text();
  if (!match.peers_key.empty()) {
    // Words that mean different addresses in two places would be our own slip: the content then names the set.
    const auto [known, fresh] = set_contents_.try_emplace(peers_set_name(version, match.peers_key), hash.text());
    if (known->second == hash.text()) set.name = known->first;
  }
  std::string name = set.name;
  add_set_once(std::move(set));
  return name;
}

std::string TableRenderer::port_set(const std::vector<PortMatch>& ports) {
  NftSet set;
  set.key = {NftType::kService};
  set.interval = true;
  ContentHash hash;
  for (const PortMatch& port : ports) {
    NftElement first;
    first.key = be16_bytes(port.first);
    hash.add(first.key.data(), 2);
    set.elements.push_back(std::move(first));
    if (port.last == 65535) continue;
    NftElement end;
    end.key = be16_bytes(static_cast<std::uint16_t>(port.last + 1));
    end.interval_end = true;
    hash.add(end.key.data(), 2);
    set.elements.push_back(std::move(end));
  }
  set.name = "ports-" + hash.text();
  std::string name = set.name;
  add_set_once(std::move(set));
  return name;
}

void TableRenderer::address_condition(RuleBuilder& builder, const TableMatch& match, IpFamily version,
                                      PacketSide side) {
  std::vector<IpRange> ranges;
  for (const IpRange& range : match.peers.ranges()) {
    if (range.first.family() == version) ranges.push_back(range);
  }
  const bool fixed = match.peers_key.empty();
  const bool all = version == IpFamily::kV4 ? match.peers.all_v4() : match.peers.all_v6();
  if (fixed && all) return;
  builder.load_address(version, side);
  if (fixed && ranges.size() == 1) {
    builder.between(address_bytes(ranges[0].first), address_bytes(ranges[0].last));
  } else {
    builder.in_set(address_set(match, version));
  }
}

// Conditions on protocol and ports behind those of `builder`. For ICMP the 16 bits of type and code stand
// where the key of PortMatch expects them: at the start of the header.
void TableRenderer::add_ports(RuleBuilder builder, const TableMatch& match, std::uint8_t protocol,
                              std::vector<Variant>& out) {
  std::vector<PortMatch> ports;
  for (const PortMatch& port : match.ports) {
    if (port.protocol == protocol) ports.push_back(port);
  }
  builder.protocol(protocol);
  const bool icmp = protocol == ip_proto::kIcmp || protocol == ip_proto::kIcmpv6;
  if (!(ports.size() == 1 && ports[0].first == 0 && ports[0].last == 65535)) {
    builder.load_port(icmp ? PacketSide::kSource : PacketSide::kDestination);
    if (ports.size() == 1) {
      builder.between(be16_bytes(ports[0].first), be16_bytes(ports[0].last));
    } else {
      builder.in_set(port_set(ports));
    }
  }
  out.push_back({builder.done().expressions, protocol});
}

// A match as alternatives that nf_tables can express: one for each IP version and protocol it names.
std::vector<TableRenderer::Variant> TableRenderer::make_variants(const TableMatch& match, FlowEnd end) {
  // Egress rules name the far end of the flow.
  const PacketSide side = end == FlowEnd::kEgress ? PacketSide::kDestination : PacketSide::kSource;
  std::set<std::uint8_t> protocols;
  for (const PortMatch& port : match.ports) protocols.insert(port.protocol);
  std::vector<Variant> out;
  const auto add = [&](const RuleBuilder& builder, IpFamily version) {
    if (protocols.empty()) {
      RuleBuilder copy = builder;
      out.push_back({copy.done().expressions, 0});
    }
    for (const std::uint8_t protocol : protocols) {
      if (version == IpFamily::kV4 && protocol == ip_proto::kIcmpv6) continue;
      if (version == IpFamily::kV6 && protocol == ip_proto::kIcmp) continue;
      add_ports(builder, match, protocol, out);
    }
  };
  const bool fixed = match.peers_key.empty();
  if (match.self) {
    for (const IpFamily version : kVersions) add(to_itself(version), version);
    return out;
  }
  if (fixed && match.peers.all_v4() && match.peers.all_v6()) {
    add(rule(), IpFamily::kNone);
    return out;
  }
  for (const IpFamily version : kVersions) {
    // A set that is empty today may have members tomorrow.
    if (fixed && (version == IpFamily::kV4 ? match.peers.v4().empty() : match.peers.v6().empty())) continue;
    const std::uint8_t other_icmp = version == IpFamily::kV4 ? ip_proto::kIcmpv6 : ip_proto::kIcmp;
    if (protocols.size() == 1 && protocols.contains(other_icmp)) continue;  // nothing to ask in this family
    RuleBuilder builder = rule();
    builder.ip_version(version);
    address_condition(builder, match, version, side);
    add(builder, version);
  }
  return out;
}

// Source and destination are the same workload: nf_tables cannot compare two fields, so it is a set of pairs.
RuleBuilder TableRenderer::to_itself(IpFamily version) {
  NftSet pairs;
  const bool v4 = version == IpFamily::kV4;
  pairs.name = v4 ? "selves4" : "selves6";
  pairs.key = block_set_key(version, BlockSetKind::kPair);
  for (const TableWorkload& workload : policy_->workloads()) {
    for (const IpAddress& address : workload.addresses) {
      if (address.family() != version) continue;
      NftElement pair;
      const Bytes own = address_bytes(address);
      pair.key = own;
      pair.key.insert(pair.key.end(), own.begin(), own.end());
      pairs.elements.push_back(std::move(pair));
    }
  }
  RuleBuilder out = rule();
  out.ip_version(version).load_address(version, PacketSide::kSource);
  out.load_address(version, PacketSide::kDestination, static_cast<Register>(kFirstRegister + (v4 ? 1 : 4)));
  out.in_set(pairs.name);
  add_set_once(std::move(pairs));
  return out;
}

NftRule TableRenderer::with(const Variant& variant, NftRule tail) const {
  tail.expressions.insert(tail.expressions.begin(), variant.conditions.begin(), variant.conditions.end());
  return tail;
}

void TableRenderer::add_verdicts(const Step& step, const Variant& variant, const std::string& next_tier,
                                 std::vector<NftRule>& rules) {
  const TableRule& source = policy_->rules()[step.rule];
  if (source.log) {
    const std::string label = source.log->label.empty() ? "" : source.log->label + " ";
    std::string prefix = std::string("bulkhead ") + (step.audit ? "audit " : "") + to_string(step.action) + " " +
                         label + source.key + " ";
    prefix.resize(std::min<std::size_t>(prefix.size(), 126));
    rules.push_back(with(variant, rule().limit(source.log->rate_per_second).log(prefix).done(source.key + " log")));
  }
  const std::string& key = source.key;
  if (step.audit) return rules.push_back(with(variant, rule().counter().verdict(NFT_RETURN).done(key + " audit")));
  switch (step.action) {
    case Action::kAllow:
      if (source.inspect_inline && table_.family == NftFamily::kInet) {
        const InlineQueueSettings& queue = settings_.inline_queue;
        rules.push_back(with(
            variant,
            rule().load_ct_mark().bits(~queue.mark_mask(), queue.inspect_mark()).set_ct_mark().done(key + " inspect")));
      }
      // The chain of a limit counts what it admits.
      if (source.limit) return rules.push_back(with(variant, rule().verdict(NFT_GOTO, limit_chain(step.rule)).done()));
      return rules.push_back(with(variant, rule().counter().verdict(NFT_RETURN).done(key)));
    case Action::kDeny: return rules.push_back(with(variant, rule().counter().verdict(NF_DROP).done(key)));
    case Action::kPass:
      if (next_tier.empty()) return rules.push_back(with(variant, rule().counter().verdict(NFT_RETURN).done(key)));
      return rules.push_back(with(variant, rule().counter().verdict(NFT_GOTO, next_tier).done(key)));
    case Action::kReject: break;
  }
  // The bridge family has no reject here: the flow is dropped.
  if (table_.family == NftFamily::kBridge) {
    return rules.push_back(with(variant, rule().counter().verdict(NF_DROP).done(key)));
  }
  if (variant.protocol == 0) {
    rules.push_back(with(variant, rule().protocol(ip_proto::kTcp).counter().reject_tcp().done(key)));
  }
  RuleBuilder last = rule();
  last.counter();
  variant.protocol == ip_proto::kTcp ? last.reject_tcp() : last.reject_unreachable();
  rules.push_back(with(variant, last.done(key)));
}

// Programs share their matches: each is written once.
const std::vector<TableRenderer::Variant>& TableRenderer::variants(std::uint32_t match, FlowEnd end) {
  const auto [entry, fresh] = variants_.try_emplace({match, end});
  if (fresh) entry->second = make_variants(policy_->matches()[match], end);
  return entry->second;
}

void TableRenderer::add_step(const Step& step, FlowEnd end, const std::string& next_tier, std::vector<NftRule>& rules) {
  for (const Variant& variant : variants(step.match, end)) {
    add_verdicts(step, variant, next_tier, rules);
  }
}

std::string TableRenderer::audit_chain(const Program& program, std::size_t begin, std::size_t end, FlowEnd flow_end) {
  std::vector<NftRule> rules;
  for (std::size_t i = begin; i < end; ++i) add_step(program.steps[i], flow_end, "", rules);
  std::string name = name_of_rules("audit", rules);
  add_chain_once(name, std::move(rules));
  return name;
}

// The steps from `begin` to `end` as a chain that goes on at `next` (empty: the end of the program).
std::string TableRenderer::segment_chain(const Program& program, std::size_t begin, std::size_t end, FlowEnd flow_end,
                                         const std::string& next) {
  std::vector<NftRule> rules;
  for (std::size_t i = begin; i < end;) {
    const Step& step = program.steps[i];
    if (!step.audit) {
      add_step(step, flow_end, next, rules);
      ++i;
      continue;
    }
    rules.push_back(rule().verdict(NFT_JUMP, audit_chain(program, i, step.skip_to, flow_end)).done());
    i = step.skip_to;
  }
  if (!next.empty()) rules.push_back(rule().verdict(NFT_GOTO, next).done());
  std::string name = name_of_rules(to_string(flow_end), rules);
  add_chain_once(name, std::move(rules));
  return name;
}

// A program is cut into chains where a pass may land.
std::string TableRenderer::program_chain(std::uint32_t index, FlowEnd end) {
  const auto [entry, fresh] = program_chains_.try_emplace({index, end});
  if (!fresh) return entry->second;
  const Program& program = policy_->programs()[index];
  std::set<std::size_t> cuts = {0};
  for (const Step& step : program.steps) {
    if (step.action == Action::kPass && !step.audit && step.skip_to < program.steps.size()) cuts.insert(step.skip_to);
  }
  std::string next;
  std::size_t segment_end = program.steps.size();
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
    next = segment_chain(program, *cut, segment_end, end, next);
    segment_end = *cut;
  }
  return entry->second = next;
}

std::string TableRenderer::limit_chain(std::uint32_t index) {
  LimitParts parts = render_limit(table_.family, policy_->rules()[index], settings_.flow_set_size);
  if (names_.contains(parts.entry)) return parts.entry;
  add_set_once(datagram_protocols());
  for (NftSet& set : parts.sets) add_set_once(std::move(set));
  for (NftChain& chain : parts.chains) add_chain_once(chain.name, std::move(chain.rules));
  return parts.entry;
}

// Rules that count packets look at established connections too: all of them are there from the start, whether a
// workload has them or not, so that a new label changes no chain that every packet passes.
void TableRenderer::render_limits() {
  std::vector<NftRule> paced;
  for (std::uint32_t i = 0; i < policy_->rules().size(); ++i) {
    const TableRule& entry = policy_->rules()[i];
    if (!entry.limit || entry.limit->packets.count == 0 || entry.audit) continue;
    static_cast<void>(limit_chain(i));
    LimitParts parts = render_limit(table_.family, entry, settings_.flow_set_size);
    std::move(parts.paced.begin(), parts.paced.end(), std::back_inserter(paced));
  }
  if (!paced.empty()) add_chain_once("paced", std::move(paced));
}

std::string TableRenderer::map_name(IpFamily version, FlowEnd end) {
  return std::string(to_string(end)) + (version == IpFamily::kV4 ? "4" : "6");
}

// An address leads to the chain of its program, in large tables by way of a class (NftSettings::classes).
void TableRenderer::dispatch_maps(FlowEnd end) {
  const bool by_class = has_classes();
  NftSet maps[2];
  for (std::size_t v = 0; v < 2; ++v) {
    maps[v].name = map_name(kVersions[v], end);
    maps[v].key = {kVersions[v] == IpFamily::kV4 ? NftType::kIpv4 : NftType::kIpv6};
    maps[v].verdict_map = !by_class;
    if (by_class) maps[v].data = {NftType::kMark};
  }
  ChainClasses classes;
  for (const TableWorkload& workload : policy_->workloads()) {
    if (workload.program(end) == kNone) continue;
    const std::string chain = program_chain(workload.program(end), end);
    NftElement element;
    if (by_class) {
      element.data = host_bytes(classes.number_of(chain));
    } else {
      element.verdict = NftVerdict{NFT_JUMP, chain};
    }
    for (const IpAddress& address : workload.addresses) {
      element.key = address_bytes(address);
      maps[address.is_v4() ? 0 : 1].elements.push_back(element);
    }
  }
  for (NftSet& map : maps) table_.sets.push_back(std::move(map));
  if (!by_class) return;
  NftSet chains;
  chains.name = classes_name(end);
  chains.key = {NftType::kMark};
  chains.verdict_map = true;
  for (const auto& [number, chain] : classes.owners()) {
    NftElement element;
    element.key = host_bytes(number);
    element.verdict = NftVerdict{NFT_JUMP, chain};
    chains.elements.push_back(std::move(element));
  }
  table_.sets.push_back(std::move(chains));
}

bool TableRenderer::has_classes() const {
  if (settings_.classes) return *settings_.classes;
  std::size_t addresses = 0;
  for (const TableWorkload& workload : policy_->workloads()) addresses += workload.addresses.size();
  return addresses > kDirectAddresses;
}

NftRule TableRenderer::dispatch(IpFamily version, FlowEnd end) const {
  const PacketSide side = end == FlowEnd::kEgress ? PacketSide::kSource : PacketSide::kDestination;
  RuleBuilder out = rule();
  out.ip_version(version).load_address(version, side);
  if (!has_classes()) return out.vmap(map_name(version, end)).done();
  return out.mapped(map_name(version, end)).vmap(classes_name(end)).done();
}

// See always_open() in policy_table.h.
void TableRenderer::link_signalling(std::vector<NftRule>& rules) const {
  rules.push_back(rule()
                      .protocol(ip_proto::kIcmpv6)
                      .load(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1)
                      .between({130}, {136})
                      .verdict(NF_ACCEPT)
                      .done("neighbour discovery"));
  rules.push_back(rule()
                      .protocol(ip_proto::kIcmpv6)
                      .load(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1)
                      .equals({143})
                      .verdict(NF_ACCEPT)
                      .done("multicast listener report"));
}

NftRule TableRenderer::when(const char* switch_set, bool on, const std::string& chain) const {
  return rule().load_constant(1, kFirstRegister).in_set(switch_set, !on).verdict(NFT_JUMP, chain).done();
}

// A set of one element, there or not there.
void TableRenderer::switch_set(const std::string& name, std::chrono::milliseconds timeout) {
  NftSet set;
  set.name = name;
  set.key = {NftType::kMark};
  set.timeouts = set.dynamic_elements = true;
  set.size = 2;
  if (timeout.count() != 0) {
    NftElement on;
    on.key = kOn;
    on.timeout_ms = static_cast<std::uint64_t>(timeout.count());
    set.elements.push_back(std::move(on));
  }
  add_set_once(std::move(set));
}

// NAME4 and NAME6: addresses of the workloads, of those with policies or of all.
void TableRenderer::address_sets(const std::string& name, bool only_judged) {
  NftSet sets[2];
  for (std::size_t v = 0; v < 2; ++v) {
    sets[v].name = name + (v == 0 ? "4" : "6");
    sets[v].key = {v == 0 ? NftType::kIpv4 : NftType::kIpv6};
  }
  for (const TableWorkload& workload : policy_->workloads()) {
    if (only_judged && workload.egress == kNone && workload.ingress == kNone) continue;
    for (const IpAddress& address : workload.addresses) {
      NftElement element;
      element.key = address_bytes(address);
      sets[address.is_v4() ? 0 : 1].elements.push_back(std::move(element));
    }
  }
  for (NftSet& set : sets) add_set_once(std::move(set));
}

// TCP segments of connections that nobody remembers. The direction of their connection is unknown: if they were
// judged by their own, the answers of a server would open again what a policy has cut. So both ends are told that
// it is over. For a while after the first load, connections that are older than the table may continue.
void TableRenderer::midstream() {
  const bool inet = table_.family == NftFamily::kInet;
  switch_set("grace", settings_.grace);
  address_sets("judged", true);
  std::vector<NftRule> rules;
  rules.push_back(
      rule().load_constant(1, kFirstRegister).in_set("grace").verdict(NFT_RETURN).done("older than the table"));
  for (const IpFamily version : kVersions) {
    if (!inet) {
      const std::string flows = version == IpFamily::kV4 ? "flows4" : "flows6";
      rules.push_back(flow_key(table_.family, version, FlowKind::kTcp, false).in_set(flows).verdict(NFT_RETURN).done());
    }
    for (const PacketSide side : {PacketSide::kSource, PacketSide::kDestination}) {
      RuleBuilder known = rule();
      known.ip_version(version).load_address(version, side);
      known.in_set(version == IpFamily::kV4 ? "judged4" : "judged6");
      if (!inet) {
        rules.push_back(known.counter().verdict(NF_DROP).done("midstream"));
        continue;
      }
      // Out of window: no reset, or one forged segment would end a connection.
      RuleBuilder invalid = known;
      rules.push_back(invalid.ct_state(kStateInvalid).counter().verdict(NF_DROP).done("midstream/invalid"));
      rules.push_back(known.counter().reject_tcp().done("midstream"));
    }
  }
  plain_chain("midstream", std::move(rules));
}

// The lease is over: what the interfaces of fail-closed segments carry ends.
void TableRenderer::lapsed(bool output) {
  switch_set("lease", settings_.lease);
  std::vector<NftRule> rules;
  for (const std::string& pattern : settings_.fail_closed) {
    rules.push_back(rule().interface_like(false, pattern).counter().verdict(NF_DROP).done("lease/closed"));
    if (output) rules.push_back(rule().interface_like(true, pattern).counter().verdict(NF_DROP).done("lease/closed"));
  }
  plain_chain("lapsed", std::move(rules));
}

// New flows of closed segments: both ends must be workloads that we know, or outside of the segment.
void TableRenderer::closed() {
  address_sets("members", false);
  std::vector<NftRule> rules;
  for (const IpFamily version : kVersions) {
    const bool v4 = version == IpFamily::kV4;
    const char* members = v4 ? "members4" : "members6";
    const IpPrefix group = *IpPrefix::parse(v4 ? "224.0.0.0/4" : "ff00::/8");
    for (const std::string& pattern : settings_.closed) {
      rules.push_back(rule()
                          .ip_version(version)
                          .interface_like(false, pattern)
                          .load_address(version, PacketSide::kSource)
                          .in_set(members, true)
                          .counter()
                          .verdict(NF_DROP)
                          .done("unknown/source"));
    }
    rules.push_back(rule()
                        .ip_version(version)
                        .load_address(version, PacketSide::kDestination)
                        .between(address_bytes(group.first()), address_bytes(v4 ? kBroadcast : group.last()))
                        .verdict(NFT_RETURN)
                        .done("groups"));
    for (const std::string& pattern : settings_.closed) {
      rules.push_back(rule()
                          .ip_version(version)
                          .interface_like(true, pattern)
                          .load_address(version, PacketSide::kDestination)
                          .in_set(members, true)
                          .counter()
                          .verdict(NF_DROP)
                          .done("unknown/destination"));
    }
  }
  plain_chain("closed", std::move(rules));
}

// Packets of confirmed connections, with the mark for the fast path where conntrack can do without seeing each: when
// the handshake is over, and for datagrams.
void TableRenderer::confirmed() {
  std::vector<NftRule> rules;
  for (const IpFamily version : kVersions) {
    rules.push_back(limited_source(table_.family, version).verdict(NF_ACCEPT).done());
  }
  const auto marked = [](RuleBuilder those) {
    return those.load_mark().bits(~kAdmittedMark, kAdmittedMark).set_mark().done("fast path");
  };
  rules.push_back(marked(rule().ct_assured()));
  rules.push_back(marked(rule().protocol(ip_proto::kUdp)));
  rules.push_back(rule().verdict(NF_ACCEPT).done());
  plain_chain("confirmed", std::move(rules));
}

void TableRenderer::judge_inet(bool fast_path) {
  std::vector<NftRule> rules, forward;
  if (has_lease()) {
    lapsed(true);
    rules.push_back(when("lease", false, "lapsed"));
  }
  render_limits();
  if (counts_packets()) {
    rules.push_back(rule().ct_original().verdict(NFT_JUMP, "paced").done());
  } else {
    // Answered or not: what is confirmed went through here before. A rule that counts packets has to see the rest.
    (has_lease() ? rules : forward).push_back(rule().ct_known(true).verdict(NF_ACCEPT).done("admitted before"));
  }
  const bool marks = fast_path && !counts_packets();
  if (marks) confirmed();
  rules.push_back(
      rule().ct_state(kStateEstablished | kStateRelated).verdict(NF_ACCEPT).done("replies and related errors"));
  link_signalling(rules);
  midstream();
  rules.push_back(no_opening().verdict(NFT_JUMP, "midstream").done());
  if (!settings_.closed.empty()) {
    closed();
    rules.push_back(has_lease() ? when("lease", true, "closed") : jump("closed"));
  }
  for (const FlowEnd end : {FlowEnd::kEgress, FlowEnd::kIngress}) {
    dispatch_maps(end);
    for (const IpFamily version : kVersions) rules.push_back(dispatch(version, end));
  }
  plain_chain("judge", std::move(rules));
  // What the node says to itself is nobody's traffic.
  std::vector<NftRule> in = {rule().load_interface(false).equals(interface_bytes("lo")).verdict(NF_ACCEPT).done()};
  std::vector<NftRule> out = {rule().load_interface(true).equals(interface_bytes("lo")).verdict(NF_ACCEPT).done()};
  for (std::vector<NftRule>* base : {&in, &out}) base->insert(base->end(), forward.begin(), forward.end());
  if (marks) forward = {rule().ct_known(true).verdict(NFT_GOTO, "confirmed").done("admitted before")};
  for (std::vector<NftRule>* base : {&forward, &in, &out}) base->push_back(jump("judge"));
  base_chain("forward", NF_INET_FORWARD, settings_.policy_priority, std::move(forward));
  base_chain("input", NF_INET_LOCAL_IN, settings_.policy_priority, std::move(in));
  base_chain("output", NF_INET_LOCAL_OUT, settings_.policy_priority, std::move(out));
}

// TCP segments that are not the first of a connection: SYN without ACK, RST and FIN.
RuleBuilder TableRenderer::no_opening() const {
  return rule().protocol(ip_proto::kTcp).load(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1).masked({0x17}).differs({0x02});
}

// Before everything in the bridge: frames of ports that nobody knows, and of segments whose lease is over.
void TableRenderer::gate() {
  NftSet ports;
  ports.name = "known-ports";
  ports.key = {NftType::kInterface};
  for (const TableWorkload& workload : policy_->workloads()) {
    for (const std::string& interface : workload.interfaces) {
      NftElement port;
      port.key = interface_bytes(interface);
      ports.elements.push_back(std::move(port));
    }
  }
  table_.sets.push_back(std::move(ports));
  std::vector<NftRule> rules, unknown;
  if (has_lease()) {
    lapsed(false);
    rules.push_back(when("lease", false, "lapsed"));
  }
  rules.push_back(rule().load_interface(false).in_set("known-ports").verdict(NFT_RETURN).done());
  for (const std::string& pattern : settings_.closed) {
    unknown.push_back(rule().interface_like(false, pattern).counter().verdict(NF_DROP).done("unknown/port"));
  }
  plain_chain("unknown", std::move(unknown));
  rules.push_back(has_lease() ? when("lease", true, "unknown") : jump("unknown"));
  plain_chain("gate", std::move(rules));
}

bool TableRenderer::counts_packets() const {
  return std::any_of(policy_->rules().begin(), policy_->rules().end(),
                     [](const TableRule& r) { return r.limit && r.limit->packets.count != 0 && !r.audit; });
}

// Chains "reply" (accepts what answers a followed flow), "follow" (renews the flow of an admitted packet) and "admit"
// (the packets that come behind it need not ask).
void TableRenderer::follow_flows(bool fast_path) {
  add_set_once(datagram_protocols());
  std::vector<NftRule> reply, follow, admit;
  // A limited source's packets are all counted.
  for (const IpFamily version : kVersions) {
    admit.push_back(limited_source(table_.family, version).verdict(NF_ACCEPT).done());
  }
  if (fast_path) {
    admit.push_back(rule().load_mark().bits(~kAdmittedMark, kAdmittedMark).set_mark().done("fast path"));
  }
  for (const IpFamily version : kVersions) {
    admit.push_back(
        admitted_key(table_.family, version).update(admitted_set_name(version), kAdmittedMs).verdict(NF_ACCEPT).done());
  }
  admit.push_back(rule().verdict(NF_ACCEPT).done());
  plain_chain("admit", std::move(admit));
  for (const IpFamily version : kVersions) {
    NftSet flows;
    flows.name = version == IpFamily::kV4 ? "flows4" : "flows6";
    flows.key = block_set_key(version, BlockSetKind::kFlow);
    flows.timeouts = flows.from_packets = flows.dynamic_elements = true;
    flows.size = settings_.flow_set_size;
    for (const FlowKind kind : kFlowKinds) {
      const std::uint64_t idle = flow_idle_ms(kind);
      // An echo's words where others have ports are not the same in both directions.
      const auto pass = [&](RuleBuilder known) {
        known.update(flows.name, idle);
        return (kind == FlowKind::kIcmpEcho ? known.verdict(NF_ACCEPT) : known.verdict(NFT_GOTO, "admit")).done();
      };
      reply.push_back(pass(flow_key(table_.family, version, kind, true).in_set(flows.name)));
      follow.push_back(pass(flow_key(table_.family, version, kind, false)));
    }
    table_.sets.push_back(std::move(flows));
  }
  plain_chain("reply", std::move(reply));
  plain_chain("follow", std::move(follow));
}

void TableRenderer::judge_bridge(bool v4, bool v6, bool fast_path) {
  std::vector<NftRule> rules;
  if (!v4) rules.push_back(rule().ip_version(IpFamily::kV4).verdict(NFT_RETURN).done("judged in inet"));
  if (!v6) rules.push_back(rule().ip_version(IpFamily::kV6).verdict(NFT_RETURN).done("judged in inet"));
  follow_flows(fast_path);
  link_signalling(rules);
  // Errors of flows in progress: unreachable, time exceeded, parameter problem, packet too big.
  for (const Byte type : {3, 11, 12}) {
    rules.push_back(rule()
                        .protocol(ip_proto::kIcmp)
                        .load(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1)
                        .equals({type})
                        .verdict(NF_ACCEPT)
                        .done("icmp errors"));
  }
  rules.push_back(rule()
                      .protocol(ip_proto::kIcmpv6)
                      .load(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1)
                      .between({1}, {4})
                      .verdict(NF_ACCEPT)
                      .done("icmp errors"));
  // SYN without ACK opens a connection and is no reply to anything.
  rules.push_back(rule()
                      .protocol(ip_proto::kTcp)
                      .load(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1)
                      .masked({0x12})
                      .differs({0x02})
                      .verdict(NFT_JUMP, "reply")
                      .done());
  rules.push_back(rule().load_protocol().differs({ip_proto::kTcp}).verdict(NFT_JUMP, "reply").done());
  midstream();
  rules.push_back(no_opening().verdict(NFT_JUMP, "midstream").done());
  for (const FlowEnd end : {FlowEnd::kEgress, FlowEnd::kIngress}) {
    dispatch_maps(end);
    for (const IpFamily version : kVersions) rules.push_back(dispatch(version, end));
  }
  rules.push_back(jump("follow"));
  plain_chain("judge", std::move(rules));
}

// The base chain of bridged packets. `guarded`: pins are asked here, not ahead of the bridge.
void TableRenderer::forward_bridge(bool judged, bool v4, bool v6, bool guarded) {
  std::vector<NftRule> entry, slow = block_entries(table_.family);
  if (!judged) return base_chain("forward", NF_BR_FORWARD, settings_.policy_priority, std::move(slow));
  if (guarded) slow.push_back(jump("guard"));
  slow.push_back(jump("judge"));
  plain_chain("stranger", std::move(slow));
  if (!counts_packets()) {
    // SYN without ACK opens a connection, whatever was admitted before.
    entry.push_back(rule()
                        .protocol(ip_proto::kTcp)
                        .load(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1)
                        .masked({0x12})
                        .equals({0x02})
                        .verdict(NFT_GOTO, "stranger")
                        .done());
    for (const IpFamily version : kVersions) {
      if (!(version == IpFamily::kV4 ? v4 : v6)) continue;
      RuleBuilder known = admitted_key(table_.family, version);
      entry.push_back(known.in_set(admitted_set_name(version)).verdict(NF_ACCEPT).done("admitted before"));
    }
  }
  entry.push_back(rule().verdict(NFT_GOTO, "stranger").done());
  base_chain("forward", NF_BR_FORWARD, settings_.policy_priority, std::move(entry));
}

// A port whose workload is known sends only from that workload's addresses: otherwise any container could
// speak in the name of another, since the policies go by address.
void TableRenderer::guard() {
  NftSet ports, pins[2];
  ports.name = "ports";
  ports.key = {NftType::kInterface};
  for (std::size_t v = 0; v < 2; ++v) {
    pins[v].name = v == 0 ? "pins4" : "pins6";
    pins[v].key = {NftType::kInterface, v == 0 ? NftType::kIpv4 : NftType::kIpv6};
  }
  for (const TableWorkload& workload : policy_->workloads()) {
    if (workload.addresses.empty()) continue;
    for (const std::string& interface : workload.interfaces) {
      NftElement port;
      port.key = interface_bytes(interface);
      for (const IpAddress& address : workload.addresses) {
        NftElement pin = port;
        const Bytes bytes = address_bytes(address);
        pin.key.insert(pin.key.end(), bytes.begin(), bytes.end());
        pins[address.is_v4() ? 0 : 1].elements.push_back(std::move(pin));
      }
      ports.elements.push_back(std::move(port));
    }
  }
  for (NftSet* set : {&ports, &pins[0], &pins[1]}) table_.sets.push_back(*set);

  constexpr Register kAddress = kFirstRegister + 4;  // behind the 16 bytes of the interface name
  std::vector<NftRule> rules;
  // Nearly every frame: untagged, from an address of its port. One lookup.
  for (const IpFamily version : kVersions) {
    const bool v4 = version == IpFamily::kV4;
    rules.push_back(rule()
                        .load(NFT_PAYLOAD_LL_HEADER, 12, 2)
                        .equals(be16_bytes(v4 ? ETH_P_IP : ETH_P_IPV6))
                        .load_interface(false)
                        .load_address(version, PacketSide::kSource, kAddress)
                        .in_set(v4 ? "pins4" : "pins6")
                        .verdict(NFT_RETURN)
                        .done());
  }
  rules.push_back(rule().load_interface(false).in_set("ports", true).verdict(NFT_RETURN).done());
  // Tagged frames pass by the IP hooks.
  for (const std::uint16_t tag : {std::uint16_t{ETH_P_8021Q}, std::uint16_t{ETH_P_8021AD}}) {
    rules.push_back(rule()
                        .load(NFT_PAYLOAD_LL_HEADER, 12, 2)
                        .equals(be16_bytes(tag))
                        .counter()
                        .verdict(NF_DROP)
                        .done("guard/vlan"));
  }
  rules.push_back(rule()
                      .ip_version(IpFamily::kV4)
                      .load_address(IpFamily::kV4, PacketSide::kSource)
                      .equals({0, 0, 0, 0})
                      .verdict(NFT_RETURN)
                      .done("address not yet known"));
  rules.push_back(rule()
                      .ip_version(IpFamily::kV4)
                      .load_interface(false)
                      .load_address(IpFamily::kV4, PacketSide::kSource, kAddress)
                      .in_set("pins4", true)
                      .counter()
                      .verdict(NF_DROP)
                      .done("guard/source"));
  const IpAddress link_local = *IpAddress::parse("fe80::");
  rules.push_back(rule()
                      .ip_version(IpFamily::kV6)
                      .load_address(IpFamily::kV6, PacketSide::kSource)
                      .between(address_bytes(link_local), address_bytes(link_local.broadcast(10)))
                      .verdict(NFT_RETURN)
                      .done("link-local"));
  rules.push_back(rule()
                      .ip_version(IpFamily::kV6)
                      .load_address(IpFamily::kV6, PacketSide::kSource)
                      .equals(Bytes(16, 0))
                      .verdict(NFT_RETURN)
                      .done("address not yet known"));
  rules.push_back(rule()
                      .ip_version(IpFamily::kV6)
                      .load_interface(false)
                      .load_address(IpFamily::kV6, PacketSide::kSource, kAddress)
                      .in_set("pins6", true)
                      .counter()
                      .verdict(NF_DROP)
                      .done("guard/source"));
  plain_chain("guard", std::move(rules));
}

bool sysctl_is_on(const std::string& path) {
  std::ifstream file(path);
  int value = 0;
  return static_cast<bool>(file >> value) && value == 1;
}

}  // namespace

EnforcementMode EnforcementMode::detect(const std::string& root) {
  return {sysctl_is_on(root + "/bridge-nf-call-iptables"), sysctl_is_on(root + "/bridge-nf-call-ip6tables")};
}

std::string EnforcementMode::to_string() const {
  static constexpr const char* kInet = "inet (br_netfilter, conntrack)";
  static constexpr const char* kBridge = "bridge (no conntrack: flows kept in a set)";
  if (bridged_v4_in_inet == bridged_v6_in_inet) return bridged_v4_in_inet ? kInet : kBridge;
  return std::string("IPv4 in ") + (bridged_v4_in_inet ? kInet : kBridge) + ", IPv6 in " +
         (bridged_v6_in_inet ? kInet : kBridge);
}

bool takes_fast_path(const NftSettings& settings, const EnforcementMode& mode) {
  const bool somewhere = settings.fast_path.has_value() && (*settings.fast_path == PathScope::kAll ||
                                                            !mode.bridged_v4_in_inet || !mode.bridged_v6_in_inet);
  return somewhere && settings.closed.empty() && settings.fail_closed.empty() &&
         settings.inline_queue.flows == InlineFlows::kNothing;
}

std::string peers_set_name(IpFamily version, const std::string& peers_key) {
  ContentHash words;
  words.add(peers_key);
  return (version == IpFamily::kV4 ? "peers4-" : "peers6-") + words.text();
}

std::vector<NftElement> interval_elements(const AddressSet& addresses, IpFamily version) {
  std::vector<NftElement> out;
  for (const IpRange& range : addresses.ranges()) {
    if (range.first.family() != version) continue;
    NftElement first;
    first.key = address_bytes(range.first);
    out.push_back(std::move(first));
    if (range.last.is_last()) continue;  // open to the end of the space
    NftElement end;
    end.key = address_bytes(range.last.next());
    end.interval_end = true;
    out.push_back(std::move(end));
  }
  return out;
}

NftRuleset render_ruleset(const PolicyTable* table, const EnforcementMode& mode, const NftSettings& settings) {
  TableRenderer inet(NftFamily::kInet, table, settings);
  TableRenderer bridge(NftFamily::kBridge, table, settings);
  const bool inet_sees_all = mode.bridged_v4_in_inet && mode.bridged_v6_in_inet;
  const bool inet_sees_none = !mode.bridged_v4_in_inet && !mode.bridged_v6_in_inet;
  for (NftChain& hook : block_hooks()) inet.chain(std::move(hook));
  // Resets that this node sends to both ends of a blocked flow. A mark does not cross into another
  // network namespace, so no container can send under it.
  const NftRule own_resets = bridge.rule().mark_is(kResetMark).counter().verdict(NF_ACCEPT).done("block-resets");
  std::vector<NftRule> out_of_node = block_entries(NftFamily::kBridge);
  out_of_node.insert(out_of_node.begin(), own_resets);
  bridge.base_chain("block-out", NF_BR_LOCAL_OUT, kBlockPriority, std::move(out_of_node));
  if (table != nullptr) {
    const bool fast_path = takes_fast_path(settings, mode);
    inet.judge_inet(fast_path && *settings.fast_path == PathScope::kAll);
    if (!inet_sees_all) bridge.judge_bridge(!mode.bridged_v4_in_inet, !mode.bridged_v6_in_inet, fast_path);
    if (!settings.closed.empty() || !settings.fail_closed.empty()) {
      bridge.gate();
      bridge.base_chain("gate-in", NF_BR_PRE_ROUTING, kBlockPriority - 1, {bridge.jump("gate")});
    }
    if (settings.pin_sources) {
      bridge.guard();
      bridge.base_chain("guard-in", inet_sees_none ? NF_BR_LOCAL_IN : NF_BR_PRE_ROUTING, kBlockPriority + 1,
                        {bridge.jump("guard")});
    }
  }
  // Each hook costs every packet 60 ns and more: one, and none where another judges the same packets. What goes up into
  // the node meets the inet hooks.
  if (!inet_sees_all) {
    bridge.forward_bridge(table != nullptr, !mode.bridged_v4_in_inet, !mode.bridged_v6_in_inet,
                          settings.pin_sources && inet_sees_none);
  }
  NftRuleset out;
  out.tables.push_back(bridge.take());
  out.tables.push_back(inet.take());
  for (NftTable& queue : render_inline_queue(settings.table, settings.inline_queue)) {
    out.tables.push_back(std::move(queue));
  }
  return out;
}

}  // namespace bulkhead::rules
