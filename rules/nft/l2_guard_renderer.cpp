#include "rules/nft/l2_guard_renderer.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <set>
#include <utility>

#include "datapath/base/flow_key.h"
#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

namespace {

constexpr std::string_view kLogPrefix = "bulkhead guard ";
constexpr std::uint64_t kRateIdleMs = 60'000, kLearnedIdleMs = 600'000;
constexpr std::uint32_t kRateKeys = 65536, kLearnedMacs = 65536;
// Keys of the rate set behind the interface index; reasons have numbers below 256.
constexpr std::uint32_t kArpRate = 256, kNdRate = 257;
constexpr Register kSecond = kFirstRegister + 1;  // behind the interface index
constexpr std::uint32_t kLink = NFT_PAYLOAD_LL_HEADER, kNetwork = NFT_PAYLOAD_NETWORK_HEADER,
                        kTransport = NFT_PAYLOAD_TRANSPORT_HEADER;
constexpr std::uint8_t kIgmp = 2;
constexpr std::size_t kQuickAddresses = 2;  // of a port, compared before any set is asked

struct ReasonText {
  GuardReason reason;
  std::string_view name, text;
};

const std::vector<ReasonText>& reason_texts() {
  static const std::vector<ReasonText> kTexts = {
#define X(id, name, word, text) {GuardReason::name, word, text},
#include "rules/nft/guard_reasons.def"
#undef X
  };
  return kTexts;
}

std::string drop_chain_name(GuardReason reason) {
  return "drop-" + std::string(guard_reason_name(reason));
}

Bytes mac_bytes(const MacAddress& mac) {
  return {mac.bytes.begin(), mac.bytes.end()};
}

// ifindex, then the field padded to four bytes.
Bytes port_key(std::uint32_t index, const Bytes& field) {
  Bytes out = host_bytes(index);
  out.insert(out.end(), field.begin(), field.end());
  out.resize((out.size() + 3) & ~std::size_t{3});
  return out;
}

NftSet make_set(std::string name, std::vector<NftType> key) {
  NftSet out;
  out.name = std::move(name);
  out.key = std::move(key);
  return out;
}

NftSet packet_set(std::string name, std::vector<NftType> key, std::uint32_t size) {
  NftSet out = make_set(std::move(name), std::move(key));
  out.timeouts = out.from_packets = out.dynamic_elements = true;
  out.size = size;
  return out;
}

void add_element(NftSet& set, Bytes key) {
  NftElement element;
  element.key = std::move(key);
  set.elements.push_back(std::move(element));
}

void add_verdict(NftSet& map, Bytes key, std::int32_t code, std::string chain = {}) {
  NftElement element;
  element.key = std::move(key);
  element.verdict = NftVerdict{code, std::move(chain)};
  map.elements.push_back(std::move(element));
}

class GuardRenderer {
 public:
  GuardRenderer(const std::vector<GuardPort>& ports, const GuardSettings& settings)
      : ports_(ports), settings_(settings) {
    table_.family = NftFamily::kNetdev;
    table_.name = settings.table;
  }

  NftTable render() {
    pins();
    frame();
    udp();
    ipv4();
    arp();
    ipv6();
    icmp6();
    neighbour_discovery();
    for (const GuardReason reason : all_guard_reasons()) drop_chain(reason);
    for (const GuardPort& port : ports_) port_chain(port);
    return std::move(table_);
  }

 private:
  static RuleBuilder rule() { return RuleBuilder(NftFamily::kNetdev); }
  static NftRule to(const std::string& chain) { return rule().verdict(NFT_GOTO, chain).done(); }
  static NftRule drop(RuleBuilder condition, GuardReason reason) {
    return condition.verdict(NFT_GOTO, drop_chain_name(reason)).done();
  }
  static NftRule drop(GuardReason reason) { return to(drop_chain_name(reason)); }
  static NftRule accept(RuleBuilder condition) { return condition.verdict(NF_ACCEPT).done(); }
  static NftRule accept() { return accept(rule()); }
  // (interface index . field) in the set.
  static RuleBuilder pinned(const std::string& set, std::uint32_t base, std::uint32_t offset, std::uint32_t length,
                            bool invert = false) {
    return rule().load_index().load(base, offset, length, kSecond).in_set(set, invert);
  }
  // A MAC in the packet that is neither the port's nor one it learned.
  static RuleBuilder foreign_mac(std::uint32_t base, std::uint32_t offset) {
    return pinned("macs", base, offset, 6, true).in_set("learned", true);
  }
  static RuleBuilder byte_is(std::uint32_t base, std::uint32_t offset, Byte value) {
    return rule().load(base, offset, 1).equals({value});
  }
  static RuleBuilder over_rate(std::uint32_t what, std::uint32_t per_second) {
    return rule().load_index().load_constant(what, kSecond).meter("rates", kRateIdleMs, per_second, true);
  }

  void chain(const std::string& name, std::vector<NftRule> rules) {
    table_.chains.push_back({name, std::nullopt, std::move(rules)});
  }
  NftSet map(const std::string& name, NftType key) {
    NftSet out = make_set(name, {key});
    out.verdict_map = true;
    return out;
  }
  void add(NftSet set) { table_.sets.push_back(std::move(set)); }

  void pins();
  void frame();
  void udp();
  void ipv4();
  void arp();
  void ipv6();
  void icmp6();
  void neighbour_discovery();
  void drop_chain(GuardReason reason);
  void port_chain(const GuardPort& port);

  const std::vector<GuardPort>& ports_;
  const GuardSettings& settings_;
  NftTable table_;
};

void GuardRenderer::pins() {
  NftSet macs = make_set("macs", {NftType::kInterfaceIndex, NftType::kEther});
  NftSet pins4 = make_set("pins4", {NftType::kInterfaceIndex, NftType::kIpv4});
  NftSet pins6 = make_set("pins6", {NftType::kInterfaceIndex, NftType::kIpv6});
  NftSet open = make_set("any-link-local", {NftType::kInterfaceIndex});
  for (const GuardPort& port : ports_) {
    std::set<IpAddress> addresses(port.addresses.begin(), port.addresses.end());
    if (port.mac) {
      add_element(macs, port_key(port.index, mac_bytes(*port.mac)));
      addresses.insert(IpAddress::link_local(*port.mac));
    } else {
      add_element(open, host_bytes(port.index));
    }
    for (const IpAddress& address : addresses) {
      add_element(address.is_v4() ? pins4 : pins6, port_key(port.index, address_bytes(address)));
    }
  }
  for (NftSet* set : {&macs, &pins4, &pins6, &open}) add(std::move(*set));
  add(packet_set("learned", {NftType::kInterfaceIndex, NftType::kEther}, kLearnedMacs));
  add(packet_set("rates", {NftType::kInterfaceIndex, NftType::kMark}, kRateKeys));
}

void GuardRenderer::frame() {
  NftSet types = map("ether-types", NftType::kEtherType);
  add_verdict(types, be16_bytes(ETH_P_IP), NFT_GOTO, "v4");
  add_verdict(types, be16_bytes(ETH_P_IPV6), NFT_GOTO, "v6");
  add_verdict(types, be16_bytes(ETH_P_ARP), NFT_GOTO, "arp");
  std::set<std::uint16_t> known = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP};
  for (const int tag : {ETH_P_8021Q, ETH_P_8021AD, ETH_P_QINQ1, ETH_P_QINQ2, ETH_P_QINQ3}) {
    const auto type = static_cast<std::uint16_t>(tag);
    known.insert(type);
    add_verdict(types, be16_bytes(type), NFT_GOTO, drop_chain_name(GuardReason::kVlan));
  }
  for (const std::uint16_t type : settings_.ether_types) {
    if (known.insert(type).second) add_verdict(types, be16_bytes(type), NF_ACCEPT);
  }
  add(std::move(types));
  chain("frame", {rule().load(kLink, 12, 2).vmap("ether-types").done(), drop(GuardReason::kEthertype)});
}

// Both IP versions. A packet whose upper header is out of reach passes only as a fragment behind the first:
// the first could hide its ports behind long extension headers (RFC 7112).
void GuardRenderer::udp() {
  chain("v4-later",
        {accept(rule().load(kNetwork, 6, 2).masked({0x1f, 0xff}).differs({0, 0})), drop(GuardReason::kMalformed)});
  chain("v6-later",
        {accept(rule().load_exthdr(44, 2, 2).masked({0xff, 0xf8}).differs({0, 0})), drop(GuardReason::kMalformed)});
  NftSet to_port = map("udp-to", NftType::kService);
  std::set<std::uint16_t> known;
  for (const std::uint16_t port : settings_.tunnel_ports) {
    if (known.insert(port).second) {
      add_verdict(to_port, be16_bytes(port), NFT_GOTO, drop_chain_name(GuardReason::kTunnel));
    }
  }
  const std::pair<std::uint16_t, std::string> to_ports[] = {{67, "dhcp-request"},
                                                            {68, drop_chain_name(GuardReason::kDhcpServer)},
                                                            {546, drop_chain_name(GuardReason::kDhcpv6Server)}};
  for (const auto& [port, target] : to_ports) {
    if (known.insert(port).second) add_verdict(to_port, be16_bytes(port), NFT_GOTO, target);
  }
  add(std::move(to_port));
  const RuleBuilder ports = rule().load(kTransport, 0, 4).between(Bytes(4, 0), Bytes(4, 255));
  // A lookup costs 100 ns, a comparison 10: the servers' ports are compared.
  std::vector<NftRule> rules;
  for (const auto& [port, reason] :
       {std::pair{67, GuardReason::kDhcpServer}, std::pair{547, GuardReason::kDhcpv6Server}}) {
    rules.push_back(drop(rule().load(kTransport, 0, 2).equals(be16_bytes(static_cast<std::uint16_t>(port))), reason));
  }
  rules.push_back(rule().load(kTransport, 2, 2).vmap("udp-to").done());
  rules.push_back(accept(ports));
  rules.push_back(rule().ip_version(IpFamily::kV4).verdict(NFT_GOTO, "v4-later").done());
  rules.push_back(to("v6-later"));
  chain("udp", std::move(rules));
  // BOOTP: a request whose hardware address (28 bytes into the message) is the port's own.
  RuleBuilder own = byte_is(kTransport, 8, 1);
  RuleBuilder learned = byte_is(kTransport, 8, 1);
  own.load_index().load(kTransport, 36, 6, kSecond).in_set("macs");
  learned.load_index().load(kTransport, 36, 6, kSecond).in_set("learned");
  chain("dhcp-request", {accept(own), accept(learned), drop(GuardReason::kDhcpClient)});
}

void GuardRenderer::ipv4() {
  NftSet protocols = map("protocols4", NftType::kProtocol), icmp = map("icmp4-types", NftType::kProtocol);
  add_verdict(protocols, {ip_proto::kTcp}, NF_ACCEPT);
  add_verdict(protocols, {ip_proto::kUdp}, NFT_GOTO, "udp");
  add_verdict(protocols, {ip_proto::kIcmp}, NFT_GOTO, "icmp4");
  add_verdict(protocols, {kIgmp}, NFT_GOTO, "igmp");
  std::set<std::uint8_t> known = {ip_proto::kTcp, ip_proto::kUdp, ip_proto::kIcmp, kIgmp};
  for (const std::uint8_t protocol : settings_.tunnel_protocols) {
    if (!known.insert(protocol).second) continue;
    add_verdict(protocols, {protocol}, NFT_GOTO, drop_chain_name(GuardReason::kTunnel));
  }
  add_verdict(icmp, {5}, NFT_GOTO, drop_chain_name(GuardReason::kRedirect));
  add_verdict(icmp, {9}, NFT_GOTO, drop_chain_name(GuardReason::kRouterAdvertisement));
  add(std::move(protocols));
  add(std::move(icmp));
  chain("v4", {pinned("pins4", kNetwork, 12, 4, true).verdict(NFT_GOTO, "v4-other").done(), to("v4-own")});
  // The source is the port's own.
  chain("v4-own", {drop(byte_is(kNetwork, 16, 127), GuardReason::kLoopback),
                   rule().load(kNetwork, 0, 1).differs({0x45}).verdict(NFT_JUMP, "v4-options").done(),
                   accept(rule().load_protocol().equals({ip_proto::kTcp})),
                   rule().load_protocol().equals({ip_proto::kUdp}).verdict(NFT_GOTO, "udp").done(),
                   rule().load_protocol().vmap("protocols4").done(), accept(rule().load_protocol().between({0}, {255})),
                   drop(GuardReason::kMalformed)});
  // Loose and strict source route (RFC 791).
  chain("v4-options", {drop(rule().load_present(IpFamily::kV4, 131).equals({1}), GuardReason::kSourceRoute),
                       drop(rule().load_present(IpFamily::kV4, 137).equals({1}), GuardReason::kSourceRoute)});
  const Bytes any(4, 0);
  const auto without_address = [&](std::uint8_t protocol) {
    RuleBuilder out = rule();
    out.load(kNetwork, 12, 4).equals(any).protocol(protocol);
    return out;
  };
  chain("v4-other", {without_address(ip_proto::kUdp)
                         .load(kTransport, 0, 4)
                         .equals({0, 68, 0, 67})
                         .verdict(NFT_GOTO, "dhcp-request")
                         .done(),
                     without_address(kIgmp).verdict(NFT_GOTO, "igmp").done(),
                     drop(byte_is(kNetwork, 12, 127), GuardReason::kLoopback), drop(GuardReason::kSource4)});
  chain("icmp4", {rule().load(kTransport, 0, 1).vmap("icmp4-types").done(), accept()});
  chain("igmp", {drop(byte_is(kTransport, 0, 0x11), GuardReason::kMulticastQuery), accept()});
}

void GuardRenderer::arp() {
  NftSet operations = make_set("arp-operations", {NftType::kService});  // request, reply
  add_element(operations, {0, 1});
  add_element(operations, {0, 2});
  add(std::move(operations));
  chain("arp", {drop(over_rate(kArpRate, settings_.arp_per_second), GuardReason::kArpRate),
                drop(rule().load(kNetwork, 0, 6).differs({0, 1, 8, 0, 6, 4}), GuardReason::kArpFormat),
                drop(rule().load(kNetwork, 6, 2).in_set("arp-operations", true), GuardReason::kArpOperation),
                drop(foreign_mac(kNetwork, 8), GuardReason::kArpSender),
                pinned("pins4", kNetwork, 14, 4).verdict(NFT_GOTO, "arp-own").done(),
                rule()
                    .load(kNetwork, 14, 4)
                    .equals(Bytes(4, 0))
                    .load(kNetwork, 6, 2)
                    .equals({0, 1})
                    .verdict(NFT_GOTO, "arp-probe")
                    .done(),
                drop(GuardReason::kArpSender)});
  chain("arp-own", {drop(byte_is(kNetwork, 24, 127), GuardReason::kLoopback), accept()});
  // A probe for another's address makes that one give it up (RFC 5227).
  chain("arp-probe", {accept(pinned("pins4", kNetwork, 24, 4)), drop(GuardReason::kArpTarget)});
}

void GuardRenderer::ipv6() {
  NftSet protocols = map("protocols6", NftType::kProtocol), headers = map("extension-headers", NftType::kProtocol);
  add_verdict(protocols, {ip_proto::kTcp}, NF_ACCEPT);
  add_verdict(protocols, {ip_proto::kUdp}, NFT_GOTO, "udp");
  add_verdict(protocols, {ip_proto::kIcmpv6}, NFT_GOTO, "icmp6");
  std::set<std::uint8_t> known = {ip_proto::kTcp, ip_proto::kUdp, ip_proto::kIcmpv6};
  for (const std::uint8_t protocol : settings_.tunnel_protocols) {
    if (!known.insert(protocol).second) continue;
    add_verdict(protocols, {protocol}, NFT_GOTO, drop_chain_name(GuardReason::kTunnel));
  }
  for (const Byte header : {0, 43, 44, 51, 60, 135, 139, 140}) {
    add_verdict(headers, {header}, NFT_JUMP, "v6-extensions");
  }
  NftSet loopback = make_set("loopback6", {NftType::kIpv6});  // ::, ::1 and ::ffff:0:0/96
  loopback.interval = true;
  for (const char* range : {"::/127", "::ffff:0:0/96"}) {
    const IpPrefix prefix = *IpPrefix::parse(range);
    add_element(loopback, address_bytes(prefix.first()));
    add_element(loopback, address_bytes(prefix.last().next()));
    loopback.elements.back().interval_end = true;
  }
  add(std::move(protocols));
  add(std::move(headers));
  add(std::move(loopback));
  const Bytes half(8, 0);  // all of loopback6 begins with eight zero bytes
  chain("v6",
        {pinned("pins6", kNetwork, 8, 16, true).verdict(NFT_GOTO, "v6-other").done(),
         drop(rule().load(kNetwork, 24, 8).equals(half).load(kNetwork, 24, 16).in_set("loopback6"),
              GuardReason::kLoopback),
         accept(rule().load(kNetwork, 6, 1).equals({ip_proto::kTcp})),
         rule().load(kNetwork, 6, 1).equals({ip_proto::kUdp}).verdict(NFT_GOTO, "udp").done(),
         rule().load(kNetwork, 6, 1).vmap("extension-headers").done(), rule().load_protocol().vmap("protocols6").done(),
         accept(rule().load_protocol().between({0}, {255})), drop(GuardReason::kMalformed)});
  RuleBuilder fragment = rule().load_present(IpFamily::kV6, 44);
  chain("v6-extensions",
        {drop(rule().load_exthdr(43, 2, 1).equals({0}), GuardReason::kSourceRoute),
         drop(fragment.equals({1}).protocol(ip_proto::kIcmpv6).load(kTransport, 0, 1).between({133}, {137}),
              GuardReason::kNdFragment)});
  const IpAddress link_local = *IpAddress::parse("fe80::");
  chain("v6-other",
        {rule()
             .load(kNetwork, 8, 16)
             .equals(Bytes(16, 0))
             .protocol(ip_proto::kIcmpv6)
             .verdict(NFT_GOTO, "icmp6-unspecified")
             .done(),
         drop(rule().load(kNetwork, 8, 16).differs(Bytes(16, 0)).in_set("loopback6"), GuardReason::kLoopback),
         rule()
             .load_index()
             .in_set("any-link-local")
             .load(kNetwork, 8, 16)
             .between(address_bytes(link_local), address_bytes(link_local.broadcast(10)))
             .protocol(ip_proto::kIcmpv6)
             .load(kTransport, 0, 1)
             .in_set("link-signals")
             .verdict(NFT_GOTO, "icmp6")
             .done(),
         drop(GuardReason::kSource6)});
}

void GuardRenderer::icmp6() {
  NftSet refused = map("icmp6-refused", NftType::kProtocol), signals = map("icmp6-signals", NftType::kProtocol);
  const std::pair<Byte, GuardReason> kRefused[] = {{130, GuardReason::kMulticastQuery},
                                                   {134, GuardReason::kRouterAdvertisement},
                                                   {137, GuardReason::kRedirect},
                                                   {138, GuardReason::kNdType},
                                                   {141, GuardReason::kNdType},
                                                   {142, GuardReason::kNdType},
                                                   {148, GuardReason::kNdType},
                                                   {149, GuardReason::kNdType},
                                                   {151, GuardReason::kRouterAdvertisement},
                                                   {153, GuardReason::kRouterAdvertisement}};
  for (const auto& [type, reason] : kRefused) add_verdict(refused, {type}, NFT_GOTO, drop_chain_name(reason));
  for (const Byte type : {133, 135, 136}) add_verdict(signals, {type}, NFT_GOTO, "nd-" + std::to_string(type));
  add(std::move(refused));
  add(std::move(signals));
  NftSet needed = make_set("link-signals", {NftType::kProtocol});
  for (const Byte type : {131, 132, 133, 135, 136, 143}) add_element(needed, {type});
  add(std::move(needed));
  chain("icmp6", {rule().load(kTransport, 0, 1).vmap("icmp6-refused").done(),
                  rule().load(kTransport, 0, 1).vmap("icmp6-signals").done(),
                  accept(rule().load(kTransport, 0, 1).between({0}, {255})), to("v6-later")});
  // From ::, before there is an address: DAD for one's own address, router solicitation, multicast reports.
  std::vector<NftRule> unspecified = {byte_is(kTransport, 0, 135).verdict(NFT_GOTO, "nd-dad").done(),
                                      byte_is(kTransport, 0, 133).verdict(NFT_GOTO, "nd-133").done()};
  for (const Byte type : {131, 132, 143}) unspecified.push_back(accept(byte_is(kTransport, 0, type)));
  unspecified.push_back(rule().load(kTransport, 0, 1).vmap("icmp6-refused").done());
  unspecified.push_back(drop(GuardReason::kSource6));
  chain("icmp6-unspecified", std::move(unspecified));
}

void GuardRenderer::neighbour_discovery() {
  const NftRule rate = drop(over_rate(kNdRate, settings_.nd_per_second), GuardReason::kNdRate);
  const IpAddress link_local = *IpAddress::parse("fe80::");
  // The target (eight bytes into the message) is the port's own.
  const NftRule own_target = pinned("pins6", kTransport, 8, 16).verdict(NFT_GOTO, "nd-options").done();
  const NftRule link_local_target = rule()
                                        .load_index()
                                        .in_set("any-link-local")
                                        .load(kTransport, 8, 16)
                                        .between(address_bytes(link_local), address_bytes(link_local.broadcast(10)))
                                        .verdict(NFT_GOTO, "nd-options")
                                        .done();
  chain("nd-135", {rate, to("nd-options")});
  chain("nd-136", {rate, own_target, link_local_target, drop(GuardReason::kNdTarget)});
  chain("nd-dad", {rate, own_target, link_local_target, drop(GuardReason::kNdTarget)});

  // Options of solicitations (24 bytes in) and advertisements: a MAC (types 1 and 2, one unit of eight
  // bytes), a nonce (14, RFC 7527), or a MAC and a nonce. Nothing else, since the receiver might read it.
  NftSet mac_options = make_set("nd-mac-options", {NftType::kService});
  add_element(mac_options, {1, 1});
  add_element(mac_options, {2, 1});
  add(std::move(mac_options));
  RuleBuilder foreign = rule();
  foreign.load(kTransport, 24, 2).in_set("nd-mac-options").load_index().load(kTransport, 26, 6, kSecond);
  foreign.in_set("macs", true).in_set("learned", true);
  RuleBuilder strange = rule();
  strange.load(kTransport, 24, 2).in_set("nd-mac-options", true).load(kTransport, 24, 1).differs({14});
  chain("nd-options", {drop(foreign, GuardReason::kNdOption), drop(strange, GuardReason::kNdOption),
                       drop(rule().load(kTransport, 32, 1).differs({14}), GuardReason::kNdOption),
                       drop(rule().load(kTransport, 40, 1).between({0}, {255}), GuardReason::kNdOption), accept()});
  // A router solicitation has its option at once.
  RuleBuilder foreign_router = rule();
  foreign_router.load(kTransport, 8, 2).equals({1, 1}).load_index().load(kTransport, 10, 6, kSecond);
  foreign_router.in_set("macs", true).in_set("learned", true);
  chain("nd-133", {rate, drop(foreign_router, GuardReason::kNdOption),
                   drop(rule().load(kTransport, 8, 2).differs({1, 1}), GuardReason::kNdOption),
                   drop(rule().load(kTransport, 16, 1).between({0}, {255}), GuardReason::kNdOption), accept()});
}

void GuardRenderer::drop_chain(GuardReason reason) {
  const std::string name(guard_reason_name(reason));
  chain(drop_chain_name(reason), {rule()
                                      .load_index()
                                      .load_constant(static_cast<std::uint32_t>(reason), kSecond)
                                      .meter("rates", kRateIdleMs, settings_.logs_per_second, false)
                                      .log_to_group(std::string(kLogPrefix) + name, settings_.log_group)
                                      .done("guard/" + name + " log"),
                                  rule().counter().verdict(NF_DROP).done("guard/" + name)});
}

void GuardRenderer::port_chain(const GuardPort& port) {
  NftChain out;
  out.name = "port-" + port.interface;
  out.hook = NftHook{"filter", NF_NETDEV_INGRESS, settings_.priority, NF_ACCEPT, port.interface};
  if (port.mac) {
    // Nearly every frame: untagged, own MAC, own address; no set is asked. The type is loaded alone, for older kernels
    // put a tag that stands beside the frame only into what begins at the type.
    std::size_t quick = 0;
    for (const IpAddress& address : port.addresses) {
      if (!address.is_v4() || ++quick > kQuickAddresses) continue;
      out.rules.push_back(rule()
                              .load(kLink, 12, 2)
                              .equals(be16_bytes(ETH_P_IP))
                              .load(kLink, 6, 6)
                              .equals(mac_bytes(*port.mac))
                              .load(kNetwork, 12, 4)
                              .equals(address_bytes(address))
                              .verdict(NFT_GOTO, "v4-own")
                              .done());
    }
    out.rules.push_back(drop(rule().load(kLink, 6, 6).differs(mac_bytes(*port.mac)), GuardReason::kMac));
    out.rules.push_back(to("frame"));
  } else {
    // The set of this port holds max_macs; when it is full the first rule does not match.
    const std::string learned = "learned-" + port.interface;
    add(packet_set(learned, {NftType::kEther}, std::max(settings_.max_macs, 1U)));
    out.rules = {drop(rule().load(kLink, 6, 1).masked({1}).equals({1}), GuardReason::kMac),
                 rule()
                     .load(kLink, 6, 6)
                     .update(learned, kLearnedIdleMs)
                     .load_index()
                     .load(kLink, 6, 6, kSecond)
                     .update("learned", kLearnedIdleMs)
                     .verdict(NFT_GOTO, "frame")
                     .done(),
                 drop(GuardReason::kMacCount)};
  }
  table_.chains.push_back(std::move(out));
}

}  // namespace

std::string_view guard_reason_name(GuardReason reason) {
  for (const ReasonText& entry : reason_texts()) {
    if (entry.reason == reason) return entry.name;
  }
  return {};
}

std::string_view guard_reason_text(GuardReason reason) {
  for (const ReasonText& entry : reason_texts()) {
    if (entry.reason == reason) return entry.text;
  }
  return {};
}

const std::vector<GuardReason>& all_guard_reasons() {
  static const std::vector<GuardReason> kAll = [] {
    std::vector<GuardReason> out;
    for (const ReasonText& entry : reason_texts()) out.push_back(entry.reason);
    return out;
  }();
  return kAll;
}

GuardReason guard_reason_of_prefix(std::string_view prefix) {
  if (!prefix.starts_with(kLogPrefix)) return GuardReason::kUnknown;
  prefix.remove_prefix(kLogPrefix.size());
  for (const ReasonText& entry : reason_texts()) {
    if (entry.name == prefix) return entry.reason;
  }
  return GuardReason::kUnknown;
}

NftTable render_guard(const std::vector<GuardPort>& ports, const GuardSettings& settings) {
  return GuardRenderer(ports, settings).render();
}

}  // namespace bulkhead::rules
