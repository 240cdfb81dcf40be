#include "rules/nft/limit_renderer.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <utility>

#include "rules/nft/block_sets.h"
#include "rules/nft/content_hash.h"
#include "rules/nft/flow_rules.h"
#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

namespace {

constexpr std::uint32_t kBuckets = 65536;
constexpr std::uint32_t kKernelBurst = 5;  // what the kernel takes for none
constexpr std::uint64_t kLeastIdleMs = 60'000, kMostIdleMs = 86'400'000;

ExprLimit bucket_of(const Rate& rate, std::uint32_t burst) {
  return {rate.count, rate.per_seconds, burst == 0 ? kKernelBurst : burst, NFT_LIMIT_PKTS, 0};
}

// A bucket may go once it would be full again.
std::uint64_t idle_ms(const ExprLimit& bucket) {
  const std::uint64_t refill = bucket.burst * bucket.unit_seconds * 1000 / bucket.rate;
  return std::clamp(refill * 2, kLeastIdleMs, kMostIdleMs);
}

Bytes prefix_mask(std::size_t size, unsigned bits) {
  Bytes out(size, 0);
  for (unsigned i = 0; i < bits && i < size * 8; ++i) out[i / 8] = static_cast<Byte>(out[i / 8] | 0x80U >> (i % 8));
  return out;
}

class LimitRenderer {
 public:
  LimitRenderer(NftFamily family, const TableRule& rule, std::uint32_t flows)
      : family_(family), rule_(rule), limit_(*rule.limit), flows_(flows) {
    ContentHash hash;
    hash.add(rule.key);
    hash.add(limit_.to_string());
    name_ = hash.text();
    versions_ =
        limit_.per == LimitSpec::Per::kRule ? std::vector{IpFamily::kNone} : std::vector{IpFamily::kV4, IpFamily::kV6};
  }

  LimitParts render() {
    make_sets();
    make_over();
    if (packets()) make_more();
    if (paces()) make_pace();
    make_entry();
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool packets() const { return limit_.packets.count != 0; }
  // Established connections are accepted ahead of the policies.
  [[nodiscard]] bool paces() const { return packets() && family_ == NftFamily::kInet; }
  [[nodiscard]] RuleBuilder rule() const { return RuleBuilder(family_); }
  [[nodiscard]] NftRule go(const std::string& prefix) const { return rule().verdict(NFT_GOTO, prefix + name_).done(); }
  void chain(const std::string& prefix, std::vector<NftRule> rules) {
    out_.chains.push_back({prefix + name_, std::nullopt, std::move(rules)});
  }
  [[nodiscard]] std::string set_name(const char* what, IpFamily version) const {
    const char* suffix = version == IpFamily::kV4 ? "4-" : version == IpFamily::kV6 ? "6-" : "-";
    return what + std::string(suffix) + name_;
  }

  void bucket_set(const char* what, bool idle) {
    for (const IpFamily version : versions_) {
      NftSet set;
      set.name = set_name(what, version);
      set.key = {version == IpFamily::kNone ? NftType::kMark
                                            : (version == IpFamily::kV4 ? NftType::kIpv4 : NftType::kIpv6)};
      set.from_packets = set.dynamic_elements = true;
      set.timeouts = idle;
      set.size = kBuckets;
      out_.sets.push_back(std::move(set));
    }
  }

  void make_sets() {
    if (limit_.new_flows.count != 0) bucket_set("new", true);
    if (packets()) bucket_set("packets", true);
    if (limit_.open_flows != 0) bucket_set("open", false);
    if (!paces()) return;
    for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
      NftSet set;
      set.name = set_name("paced", version);
      set.key = block_set_key(version, BlockSetKind::kFlow);
      set.timeouts = set.from_packets = set.dynamic_elements = true;
      set.size = flows_;
      out_.sets.push_back(std::move(set));
    }
  }

  // The rule's bucket for this packet at kFirstRegister.
  [[nodiscard]] RuleBuilder& load_bucket(RuleBuilder& out, IpFamily version) const {
    if (version == IpFamily::kNone) return out.load_constant(1, kFirstRegister);
    const bool source = limit_.per == LimitSpec::Per::kSource;
    out.load_address(version, source ? PacketSide::kSource : PacketSide::kDestination);
    const std::size_t size = version == IpFamily::kV4 ? 4 : 16;
    const unsigned bits = version == IpFamily::kV4 ? limit_.prefix4 : limit_.prefix6;
    if (bits < size * 8) out.masked(prefix_mask(size, bits));
    return out;
  }
  [[nodiscard]] RuleBuilder of_version(IpFamily version) const {
    RuleBuilder out = rule();
    if (version != IpFamily::kNone) out.ip_version(version);
    return out;
  }
  void within_rate(RuleBuilder& out, const char* what, const Rate& rate, IpFamily version) const {
    const ExprLimit bucket = bucket_of(rate, limit_.burst);
    load_bucket(out, version).meter(set_name(what, version), idle_ms(bucket), bucket);
  }

  // What is beyond the limit.
  void make_over() {
    std::vector<NftRule> rules;
    if (limit_.log) {
      std::string prefix = "bulkhead limit ";
      if (!limit_.log->label.empty()) prefix += limit_.log->label + " ";
      prefix += rule_.key + " ";
      prefix.resize(std::min<std::size_t>(prefix.size(), 126));
      rules.push_back(rule().limit(limit_.log->rate_per_second).log(prefix).done(rule_.key + "/over log"));
    }
    const std::string comment = rule_.key + "/over";
    if (limit_.over == Action::kReject && family_ == NftFamily::kInet) {
      rules.push_back(rule().protocol(ip_proto::kTcp).counter().reject_tcp().done(comment));
      rules.push_back(rule().counter().reject_unreachable().done(comment));
    } else {
      rules.push_back(rule().counter().verdict(NF_DROP).done(comment));
    }
    chain("over-", std::move(rules));
  }

  // Packets of flows that were admitted before.
  void make_more() {
    std::vector<NftRule> rules;
    for (const IpFamily version : versions_) {
      RuleBuilder admitted = of_version(version);
      within_rate(admitted, "packets", limit_.packets, version);
      rules.push_back(admitted.counter().verdict(NFT_RETURN).done(rule_.key));
    }
    rules.push_back(go("over-"));
    chain("more-", std::move(rules));
  }

  void make_pace() {
    std::vector<NftRule> rules;
    for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
      const std::string set = set_name("paced", version);
      for (const FlowKind kind : kFlowKinds) {
        rules.push_back(
            flow_key(family_, version, kind, false).update(set, flow_idle_ms(kind)).verdict(NFT_RETURN).done());
        RuleBuilder known = flow_key(family_, version, kind, false);
        known.in_set(set).update(set, flow_idle_ms(kind));
        out_.paced.push_back(known.verdict(NFT_GOTO, "more-" + name_).done());
      }
    }
    chain("pace-", std::move(rules));
  }

  void make_entry() {
    std::vector<NftRule> rules;
    const std::string more = packets() ? "more-" + name_ : "";
    const auto known = [&](RuleBuilder condition) {
      rules.push_back(more.empty() ? condition.counter().verdict(NFT_RETURN).done(rule_.key)
                                   : condition.verdict(NFT_GOTO, more).done());
    };
    if (family_ == NftFamily::kInet) {
      known(rule().ct_known(true));
    } else {
      for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
        for (const FlowKind kind : kFlowKinds) {
          known(flow_key(family_, version, kind, false).in_set(version == IpFamily::kV4 ? "flows4" : "flows6"));
        }
      }
    }
    for (const IpFamily version : versions_) {
      RuleBuilder admitted = of_version(version);
      if (limit_.new_flows.count != 0) within_rate(admitted, "new", limit_.new_flows, version);
      if (packets()) within_rate(admitted, "packets", limit_.packets, version);
      if (limit_.open_flows != 0) {
        load_bucket(admitted, version).open_at_most(set_name("open", version), limit_.open_flows);
      }
      admitted.counter();
      paces() ? admitted.verdict(NFT_GOTO, "pace-" + name_) : admitted.verdict(NFT_RETURN);
      rules.push_back(admitted.done(rule_.key));
    }
    rules.push_back(go("over-"));
    chain("limit-", std::move(rules));
    out_.entry = "limit-" + name_;
  }

  const NftFamily family_;
  const TableRule& rule_;
  const LimitSpec& limit_;
  const std::uint32_t flows_;
  std::string name_;
  std::vector<IpFamily> versions_;
  LimitParts out_;
};

}  // namespace

LimitParts render_limit(NftFamily family, const TableRule& rule, std::uint32_t flows) {
  return LimitRenderer(family, rule, flows).render();
}

}  // namespace bulkhead::rules
