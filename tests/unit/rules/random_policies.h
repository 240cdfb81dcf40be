// Random inventories, policies and flows for tests that compare two implementations. Everything follows
// from the seed; addresses and ports of flows lie at and beside the ends of what the policies name.
#pragma once

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules::testing {

struct RandomWorld {
  std::shared_ptr<Inventory> inventory;
  PolicyModel model;
  PolicyTablePtr table;
  Diagnostics diagnostics;
  std::vector<IpAddress> v4, v6;  // worth asking for
  std::vector<std::uint16_t> ports;
  std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};  // some policies have expired by then
};

// kSimple: ordered tiers, peers by selector and address, ports by number. kAll: also NetworkPolicy tiers, port
// names, sets, domain names, nodes by label, the own node, expiry, and flows through services.
enum class PolicyKinds : std::uint8_t { kSimple, kAll };

class RandomPolicies {
 public:
  explicit RandomPolicies(std::uint64_t seed, PolicyKinds kinds = PolicyKinds::kSimple)
      : random_(seed), all_(kinds == PolicyKinds::kAll) {}

  RandomWorld make() {
    RandomWorld world;
    world.inventory = make_inventory();
    world.model.tiers = PolicyModel::default_tiers();
    if (chance(3)) world.model.tiers[1].end = Action::kDeny;
    if (chance(3)) world.model.tiers[2].end = Action::kAllow;
    if (chance(4)) world.model.tiers.back().end = Action::kDeny;
    if (all_) add_sets(world.model);
    const unsigned policies = 2 + pick(7);
    for (unsigned i = 0; i < policies; ++i) world.model.policies.push_back(make_policy(i));
    world.table = compile_policies(world.model, world.inventory, world.diagnostics, world.now);
    collect(world);
    return world;
  }

  FlowQuery flow(const RandomWorld& world) {
    FlowQuery q;
    const bool v4 = chance(2);
    const auto& addresses = v4 ? world.v4 : world.v6;
    q.tuple.source = addresses[pick(static_cast<unsigned>(addresses.size()))];
    q.tuple.destination = addresses[pick(static_cast<unsigned>(addresses.size()))];
    static constexpr std::uint8_t kProtocols[] = {6, 6, 6, 17, 17, 132, 1, 58, 47, 50, 4};
    q.tuple.protocol = kProtocols[pick(std::size(kProtocols))];
    if (q.tuple.protocol == 1 && !v4) q.tuple.protocol = 58;
    if (q.tuple.protocol == 58 && v4) q.tuple.protocol = 1;
    if (q.is_icmp()) {
      static constexpr std::uint8_t kTypes[] = {0, 3, 5, 7, 8, 9, 11, 13, 128, 129, 1, 2, 133, 136, 137, 143};
      q.icmp_type = kTypes[pick(std::size(kTypes))];
      q.icmp_code = static_cast<std::uint8_t>(pick(6));
    } else {
      q.tuple.source_port = static_cast<std::uint16_t>(pick(65536));
      q.tuple.destination_port = world.ports[pick(static_cast<unsigned>(world.ports.size()))];
    }
    if (all_ && chance(8)) q.tuple.source = q.tuple.destination;
    q.through_service = all_ && chance(4);
    return q;
  }

  unsigned pick(std::size_t n) { return static_cast<unsigned>(random_() % n); }
  bool chance(unsigned one_in) { return pick(one_in) == 0; }

 private:
  std::string word(std::initializer_list<const char*> words) {
    return *(words.begin() + pick(static_cast<unsigned>(words.size())));
  }

  std::shared_ptr<Inventory> make_inventory() {
    auto out = std::make_shared<Inventory>();
    Node node;
    node.name = "n1";
    node.addresses = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("fd00::1")};
    node.labels = {{"role", "edge"}};
    static_cast<void>(out->add_node(node));
    if (all_) add_more_ends(*out);
    const unsigned count = 4 + pick(10);
    for (unsigned i = 0; i < count; ++i) {
      Workload w;
      w.name = "w" + std::to_string(i);
      w.name_space = word({"a", "b", "c"});
      w.namespace_labels = {{"team", w.name_space == "a" ? "red" : "blue"}};
      if (!chance(4)) w.labels["app"] = word({"web", "db", "api"});
      if (chance(2)) w.labels["env"] = word({"prod", "test", ""});
      w.interface = "veth" + std::to_string(i);
      w.host_network = chance(12);
      const std::string number = std::to_string(2 + i * (1 + pick(2)) + i);
      w.addresses = {*IpAddress::parse("10.0." + std::to_string(pick(2)) + "." + number),
                     *IpAddress::parse("fd00::" + std::to_string(pick(2)) + ":" + number)};
      if (chance(5)) w.addresses.pop_back();
      if (all_) add_ports(w);
      static_cast<void>(out->add_workload(w));  // contradictions are left out
    }
    return out;
  }

  void add_more_ends(Inventory& out) {
    static_cast<void>(
        out.add_node({"n2", {{"role", "core"}}, {*IpAddress::parse("10.0.2.1"), *IpAddress::parse("fd00:2::1")}, {}}));
    static_cast<void>(out.add_external(
        {"mirror", {*IpAddress::parse("192.0.2.7"), *IpAddress::parse("2001:db8::7")}, {"deb.example.org"}, {}}));
    static_cast<void>(
        out.add_external({"home", {*IpAddress::parse("192.0.2.8")}, {"example.org", "Example.com."}, {}}));
  }

  void add_ports(Workload& w) {
    w.node = word({"n1", "n2", "n3", ""});
    if (chance(2)) w.ports.push_back({"http", 6, static_cast<std::uint16_t>(word({"a", "b"}) == "a" ? 80 : 85)});
    if (chance(2)) w.ports.push_back({"dns", 17, 53});
    if (chance(3)) w.ports.push_back({"dns", 6, 53});
    if (chance(3)) w.ports.push_back({"http", 6, 443});
  }

  void add_sets(PolicyModel& model) {
    for (const char* name : {"one", "two"}) {
      NamedSet set;
      set.name = name;
      set.members = std::get<std::vector<Peer>>(parse_peers(cidr() + ", " + selector() + ", nodes role=core"));
      model.sets.push_back(std::move(set));
    }
  }

  std::string rare_peer(FlowEnd end) {
    if (end == FlowEnd::kEgress && chance(3)) return word({"*.example.org", "example.org", "example.com"});
    return word({"own-node", "set=one", "set=two", "nodes role=edge", "nodes node!=n1", "nodes has role",
                 "any !10.0.0.0/24 !fd00::/64", "world !192.0.2.0/29"});
  }

  std::string selector() {
    std::string out;
    const unsigned count = 1 + pick(2);
    for (unsigned i = 0; i < count; ++i) {
      out += (i == 0 ? "" : " ") +
             word({"ns=a", "ns!=b", "ns in (a, c)", "app=web", "app!=db", "app in (web, api)", "app not in (db, api)",
                   "has env", "!has env", "env=", "env=prod", "ns.team=red", "pod=w1", "pod!=w2"});
    }
    return out;
  }

  std::string cidr() {
    return word({"10.0.0.0/24", "10.0.0.0/28 !10.0.0.4/30", "10.0.0.0/23 !10.0.1.0/25 !10.0.0.2", "10.0.1.7",
                 "0.0.0.0/0", "192.0.2.0/24 !192.0.2.0/24", "fd00::/64", "fd00::/120 !fd00::2 !fd00::8/125",
                 "::/0 !fd00::/16", "fd00::1:5", "0.0.0.0/0 !10.0.0.0/8", "255.255.255.255", "ffff::/16"});
  }

  std::string sentence(FlowEnd end) {
    std::string out = word({"allow", "allow", "deny", "deny", "reject", "pass"});
    if (!chance(8)) {
      out += end == FlowEnd::kIngress ? " from " : " to ";
      const unsigned peers = 1 + pick(3);
      for (unsigned i = 0; i < peers; ++i) {
        if (i != 0) out += ", ";
        out += all_ && chance(4) ? rare_peer(end)
               : chance(2)       ? selector()
               : chance(2)       ? cidr()
                                 : word({"any", "world", "nodes", "pods", "self-ns"});
      }
    }
    if (!chance(3)) {
      out += " on ";
      const unsigned ports = 1 + pick(3);
      for (unsigned i = 0; i < ports; ++i) {
        if (i != 0) out += ", ";
        if (all_ && chance(3)) {
          out += word({"tcp/@http", "udp/@http", "@dns", "tcp/@dns", "@nobody"});
          continue;
        }
        out +=
            word({"tcp", "tcp/80", "tcp/80-90", "tcp/91-95", "tcp/0", "tcp/65535", "tcp/60000-65535", "udp/53", "udp",
                  "sctp/9000-9001", "icmp", "icmp/echo-request", "icmp/3.4", "icmp6/1", "gre", "50", "tcp/0-79"});
      }
    }
    if (chance(6)) out += " log lbl";
    return out;
  }

  Policy make_policy(unsigned number) {
    Policy p;
    p.name = "p" + std::to_string(number);
    p.tier = word({"quarantine", "security", "platform", "baseline"});
    if (chance(2)) p.order = number;
    if (chance(4)) p.mode = Policy::Mode::kAudit;
    if (all_ && chance(3)) {
      p.tier = "kubernetes";
      p.mode = Policy::Mode::kEnforce;
      p.order.reset();
      p.isolates_ingress = chance(2);
      p.isolates_egress = chance(2);
    }
    if (all_ && chance(5))
      p.expires = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000 + (chance(2) ? 1 : 0)));
    p.subject = std::get<Selector>(parse_selector(chance(3) ? "any" : selector()));
    for (const FlowEnd end : {FlowEnd::kIngress, FlowEnd::kEgress}) {
      auto& rules = end == FlowEnd::kIngress ? p.ingress : p.egress;
      const unsigned count = pick(5);
      for (unsigned i = 0; i < count; ++i) {
        const std::string text = sentence(end);
        auto rule = parse_rule(text, end);
        if (const auto* wrong = std::get_if<TextProblem>(&rule)) throw std::runtime_error(text + ": " + wrong->message);
        rules.push_back(std::get<PolicyRule>(std::move(rule)));
        if (p.tier == "kubernetes") rules.back().action = Action::kAllow;
      }
      // As a manifest: rules of a direction that is not isolated are not there.
      if (p.tier == "kubernetes" && !p.isolates(end)) rules.clear();
    }
    return p;
  }

  static void collect(RandomWorld& world) {
    std::vector<IpAddress> all;
    for (const Workload& w : world.inventory->workloads())
      all.insert(all.end(), w.addresses.begin(), w.addresses.end());
    const std::size_t workloads = all.size();
    for (int copies = 0; copies < 3; ++copies)
      all.insert(all.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(workloads));
    for (const ExternalHost& h : world.inventory->external()) {
      all.insert(all.end(), h.addresses.begin(), h.addresses.end());
    }
    for (const Node& n : world.inventory->nodes()) all.insert(all.end(), n.addresses.begin(), n.addresses.end());
    if (world.table) {
      for (const TableMatch& match : world.table->matches()) {
        for (const IpRange& r : match.peers.ranges()) {
          for (const IpAddress& a : {r.first, r.last}) {
            all.push_back(a);
            if (!a.is_first()) all.push_back(a.previous());
            if (!a.is_last()) all.push_back(a.next());
          }
        }
      }
    }
    for (const IpAddress& a : all) (a.is_v4() ? world.v4 : world.v6).push_back(a);
    if (world.v4.empty()) world.v4.push_back(*IpAddress::parse("192.0.2.1"));
    if (world.v6.empty()) world.v6.push_back(*IpAddress::parse("2001:db8::1"));
    world.ports = {0, 1, 53, 79, 80, 81, 85, 90, 91, 95, 96, 443, 8999, 9000, 9001, 9002, 59999, 60000, 65534, 65535};
  }

  std::mt19937_64 random_;
  bool all_;
};

}  // namespace bulkhead::rules::testing
