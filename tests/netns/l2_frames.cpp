#include "tests/netns/l2_frames.h"

#include <string_view>
#include <utility>

namespace bulkhead::testing {

namespace {

using rules::GuardReason;
using test::Bytes;
using test::concat;
using test::PacketBuilder;
using test::to_bytes;

constexpr const char* kOwn4 = "10.77.0.2";
constexpr const char* kOwn6 = "fd77::2";
constexpr const char* kVictim4 = "10.77.0.3";
constexpr const char* kVictim6 = "fd77::3";
constexpr const char* kGateway4 = "10.77.0.1";
constexpr const char* kGateway6 = "fd77::1";
constexpr const char* kAllNodes = "ff02::1";
constexpr const char* kBroadcast = "ff:ff:ff:ff:ff:ff";

PacketBuilder from_sender(std::string_view destination = kVictimMac) {
  return PacketBuilder().ethernet({.destination = destination, .source = kSenderMac});
}
PacketBuilder v4(std::string_view source = kOwn4, std::string_view destination = kVictim4,
                 const test::Ipv4Fields& fields = {}) {
  return from_sender().ipv4(source, destination, fields);
}
PacketBuilder v6(std::string_view source = kOwn6, std::string_view destination = kVictim6) {
  return from_sender().ipv6(source, destination, {.hop_limit = 255});
}
Bytes of_type(std::uint16_t type, const Bytes& payload = Bytes(46, 0x42)) {
  return PacketBuilder()
      .ethernet({.destination = kVictimMac, .source = kSenderMac, .ether_type = type})
      .payload(payload)
      .build();
}
Bytes arp(const test::ArpFields& fields, std::string_view destination = kBroadcast) {
  return from_sender(destination).arp(fields).build();
}
// An ARP packet with `bytes` at its start, as little of it as they are.
Bytes raw_arp(Bytes head, std::size_t size = 28) {
  const Bytes rest = concat({test::from_hex("027700000002 0a4d0002 000000000000 0a4d0001")});
  head.insert(head.end(), rest.begin(), rest.end());
  head.resize(size);
  return of_type(0x0806, head);
}
Bytes address_bytes(std::string_view text) {
  const IpAddress address = *IpAddress::parse(text);
  return {address.bytes().begin(), address.bytes().begin() + static_cast<std::ptrdiff_t>(address.size())};
}
Bytes mac_option(Byte type, std::string_view mac) {
  const MacAddress address = *MacAddress::parse(mac);
  Bytes out = {type, 1};
  out.insert(out.end(), address.bytes.begin(), address.bytes.end());
  return out;
}
Bytes nonce() {
  return {14, 1, 1, 2, 3, 4, 5, 6};
}
// Solicitation (135) or advertisement (136) with its target and options.
Bytes nd(std::string_view source, std::string_view destination, Byte type, std::string_view target,
         const Bytes& options = {}) {
  return v6(source, destination)
      .icmpv6(type, 0, {.rest = type == 136 ? 0x60000000U : 0})
      .payload(concat({address_bytes(target), options}))
      .build();
}
// BOOTP: operation, hardware address, the rest zero.
Bytes bootp(Byte operation, std::string_view mac) {
  Bytes out(240, 0);
  out[0] = operation;
  out[1] = 1;
  out[2] = 6;
  const MacAddress address = *MacAddress::parse(mac);
  std::copy(address.bytes.begin(), address.bytes.end(), out.begin() + 28);
  return out;
}
const Bytes kRouterAlert6 = {5, 2, 0, 0};
const Bytes kRouterAlert4 = {0x94, 4, 0, 0};
const Bytes kInner4 = test::from_hex("45000014000000004001 0000 0a4d0063 0a4d0003");

class Attacks {
 public:
  void add(std::string name, GuardReason reason, Bytes frame, bool reaches = true) {
    out_.push_back({std::move(name), reason, std::move(frame), reaches});
  }
  void macs();
  void tags_and_types();
  void sources();
  void loopback_and_routes();
  void tunnels();
  void arps();
  void neighbours();
  void routers();
  void dhcp();
  std::vector<AttackFrame> take() { return std::move(out_); }

 private:
  std::vector<AttackFrame> out_;
};

void Attacks::macs() {
  const auto from = [](std::string_view mac) {
    return PacketBuilder().ethernet({.destination = kVictimMac, .source = mac});
  };
  add("another MAC", GuardReason::kMac, from(kOtherMac).ipv4(kOwn4, kVictim4).udp(1000, 2000).payload("a").build());
  add("another MAC, IPv6", GuardReason::kMac, from(kOtherMac).ipv6(kOwn6, kVictim6).udp(1000, 2000).build());
  add("another MAC, ARP", GuardReason::kMac,
      from(kOtherMac).arp({.sender_mac = kOtherMac, .sender_ip = kOwn4}).build());
  add("one bit off", GuardReason::kMac, from("02:77:00:00:00:82").ipv4(kOwn4, kVictim4).tcp(1, 2).build());
  add("multicast source", GuardReason::kMac, from("03:77:00:00:00:02").ipv4(kOwn4, kVictim4).udp(1, 2).build(), false);
  add("zero source", GuardReason::kMac, from("00:00:00:00:00:00").ipv4(kOwn4, kVictim4).udp(1, 2).build(), false);
}

void Attacks::tags_and_types() {
  const auto tagged = [](std::uint16_t id, std::uint16_t tpid) {
    return from_sender().vlan(id, {.tpid = tpid}).ipv4(kOwn4, kVictim4).udp(1000, 2000).payload("t").build();
  };
  add("VLAN 100", GuardReason::kVlan, tagged(100, 0x8100));
  add("priority tag", GuardReason::kVlan, tagged(0, 0x8100));
  add("provider tag", GuardReason::kVlan, tagged(7, 0x88a8));
  add("old provider tag", GuardReason::kVlan, tagged(7, 0x9100));
  add("two tags", GuardReason::kVlan, from_sender().vlan(1).vlan(2).ipv4(kOwn4, kVictim4).udp(1, 2).build());
  add("ARP in VLAN 5", GuardReason::kVlan, from_sender().vlan(5).arp({.sender_mac = kSenderMac}).build());
  const std::pair<const char*, std::uint16_t> types[] = {{"LLDP", 0x88cc},
                                                         {"MPLS", 0x8847},
                                                         {"MPLS multicast", 0x8848},
                                                         {"PPPoE discovery", 0x8863},
                                                         {"PPPoE session", 0x8864},
                                                         {"EAPOL", 0x888e},
                                                         {"MACsec", 0x88e5},
                                                         {"RARP", 0x8035},
                                                         {"IPX", 0x8137},
                                                         {"PTP", 0x88f7},
                                                         {"TRILL", 0x22f3},
                                                         {"PROFINET", 0x8892},
                                                         {"bridged Ethernet", 0x6558},
                                                         {"wake on LAN", 0x0842},
                                                         {"spanning tree in 802.3", 0x0026}};
  for (const auto& [name, type] : types) add(name, GuardReason::kEthertype, of_type(type));
}

void Attacks::sources() {
  const auto udp4 = [](std::string_view source) { return v4(source).udp(1000, 2000).payload("s").build(); };
  add("a neighbour's IPv4", GuardReason::kSource4, v4("10.77.0.9").tcp(40000, 80).build());
  add("the gateway's IPv4", GuardReason::kSource4, udp4(kGateway4));
  add("an outside IPv4", GuardReason::kSource4, v4("203.0.113.8").icmp(8, 0).build());
  add("no IPv4", GuardReason::kSource4, v4("0.0.0.0").tcp(40000, 80).build());
  add("broadcast as source", GuardReason::kSource4, udp4("255.255.255.255"));
  add("multicast as source", GuardReason::kSource4, udp4("224.0.0.5"));
  add("IPv4 link-local", GuardReason::kSource4, udp4("169.254.1.2"));
  add("no IPv4, to a resolver", GuardReason::kSource4, v4("0.0.0.0").udp(68, 53).build());
  add("later fragment of another", GuardReason::kSource4,
      v4("10.77.0.9", kVictim4, {.fragment_offset = 64, .protocol = 17}).payload("fragment").build());
  add("a neighbour's IPv6", GuardReason::kSource6, v6("fd77::9").tcp(40000, 80).build());
  add("the gateway's IPv6", GuardReason::kSource6, v6(kGateway6).udp(1, 2).build());
  add("an outside IPv6", GuardReason::kSource6, v6("2001:db8::8").icmpv6(128, 0).build());
  add("another's link-local", GuardReason::kSource6, v6("fe80::77:ff:fe00:9").udp(1, 2).build());
  add("multicast as IPv6 source", GuardReason::kSource6, v6("ff02::1").udp(1, 2).build());
  add("UDP from ::", GuardReason::kSource6, v6("::").udp(546, 547).build());
  add("advertisement from ::", GuardReason::kSource6, nd("::", kAllNodes, 136, kOwn6));
  add("echo from ::", GuardReason::kSource6, v6("::").icmpv6(128, 0).build());
}

void Attacks::loopback_and_routes() {
  add("from 127.0.0.1", GuardReason::kLoopback, v4("127.0.0.1").udp(1, 2).build());
  add("to 127.0.0.1", GuardReason::kLoopback, v4(kOwn4, "127.0.0.1").tcp(1, 10250).build());
  add("to 127.8.8.8", GuardReason::kLoopback, v4(kOwn4, "127.8.8.8").udp(1, 53).build());
  add("ARP for 127.0.0.1", GuardReason::kLoopback,
      arp({.sender_mac = kSenderMac, .sender_ip = kOwn4, .target_ip = "127.0.0.1"}));
  add("from ::1", GuardReason::kLoopback, v6("::1").udp(1, 2).build());
  add("to ::1", GuardReason::kLoopback, v6(kOwn6, "::1").udp(1, 2).build());
  add("to ::", GuardReason::kLoopback, v6(kOwn6, "::").udp(1, 2).build());
  add("from a mapped address", GuardReason::kLoopback, v6("::ffff:10.77.0.2").udp(1, 2).build());
  add("to a mapped address", GuardReason::kLoopback, v6(kOwn6, "::ffff:127.0.0.1").udp(1, 2).build());
  const Bytes hops = {10, 77, 0, 9, 10, 77, 0, 8};
  add("loose source route", GuardReason::kSourceRoute,
      v4(kOwn4, kVictim4, {.options = concat({{131, 11, 4}, hops})}).udp(1, 2).build());
  add("strict source route", GuardReason::kSourceRoute,
      v4(kOwn4, kVictim4, {.options = concat({{137, 11, 4}, hops})}).tcp(1, 2).build());
  add("routing header type 0", GuardReason::kSourceRoute,
      v6().routing(0, 1, concat({Bytes(4, 0), address_bytes("fd77::9")})).tcp(1, 2).build());
  add("IPv4 header of 16 bytes", GuardReason::kMalformed, v4(kOwn4, kVictim4, {.header_words = 4}).udp(1, 2).build());
  add("version 5", GuardReason::kMalformed, v4(kOwn4, kVictim4, {.version = 5}).udp(1, 2).build());
  add("IPv4 longer than its frame", GuardReason::kMalformed,
      v4(kOwn4, kVictim4, {.total_length = 4000}).udp(1, 2).build());
  add("IPv6 headers that do not end", GuardReason::kMalformed,
      v6().destination_options({}, {.next_header = 60, .length = 200}).build());
  // The upper header is in the second fragment, where nobody looks (RFC 7113).
  add("first fragment without upper header", GuardReason::kMalformed,
      v6().fragment({.offset = 0, .more = true, .next_header = 60}).payload(Bytes{58, 1, 1, 4, 0, 0, 0, 0}).build());
  add("first fragment without ports", GuardReason::kMalformed,
      v6().fragment({.offset = 0, .more = true, .next_header = 60}).payload(Bytes{17, 1, 1, 4, 0, 0, 0, 0}).build());
}

void Attacks::tunnels() {
  const auto in4 = [](std::uint8_t protocol, const Bytes& inner) {
    return v4(kOwn4, kVictim4, {.protocol = protocol}).payload(inner).build();
  };
  add("IPv4 in IPv4", GuardReason::kTunnel, in4(4, kInner4));
  add("IPv6 in IPv4", GuardReason::kTunnel, in4(41, Bytes(40, 0x60)));
  add("GRE", GuardReason::kTunnel, v4().gre().ipv4("10.0.0.1", "10.0.0.2").build());
  add("Ethernet in IPv4", GuardReason::kTunnel, in4(97, Bytes(40, 0x30)));
  add("L2TPv3", GuardReason::kTunnel, in4(115, Bytes(40, 1)));
  add("MPLS in IPv4", GuardReason::kTunnel, in4(137, Bytes(40, 1)));
  add("later fragment of IPv4 in IPv4", GuardReason::kTunnel,
      v4(kOwn4, kVictim4, {.fragment_offset = 64, .protocol = 4}).payload("fragment").build());
  add("VXLAN", GuardReason::kTunnel, v4().udp(50000, 4789).vxlan().ethernet().ipv4("10.0.0.1", "10.0.0.2").build());
  add("VXLAN on 8472", GuardReason::kTunnel, v4().udp(50000, 8472).payload(Bytes(50, 8)).build());
  add("Geneve", GuardReason::kTunnel, v4().udp(50000, 6081).payload(Bytes(50, 8)).build());
  add("first fragment of VXLAN", GuardReason::kTunnel,
      v4(kOwn4, kVictim4, {.more_fragments = true}).udp(50000, 4789, {.length = 100}).build());
  add("VXLAN behind IPv4 options", GuardReason::kTunnel,
      v4(kOwn4, kVictim4, {.options = {1, 1, 1, 1}}).udp(50000, 4789).payload(Bytes(50, 8)).build());
  const auto in6 = [](std::uint8_t protocol) {
    return from_sender().ipv6(kOwn6, kVictim6, {.next_header = protocol}).payload(kInner4).build();
  };
  add("IPv4 in IPv6", GuardReason::kTunnel, in6(4));
  add("IPv6 in IPv6", GuardReason::kTunnel, in6(41));
  add("GRE over IPv6", GuardReason::kTunnel, in6(47));
  add("VXLAN over IPv6", GuardReason::kTunnel, v6().udp(50000, 4789).payload(Bytes(50, 8)).build());
  add("tunnel behind options", GuardReason::kTunnel,
      v6().destination_options({}, {.next_header = 41}).payload(Bytes(40, 0x60)).build());
}

void Attacks::arps() {
  add("ARP for IEEE 802", GuardReason::kArpFormat, raw_arp({0, 6, 8, 0, 6, 4, 0, 1}));
  add("ARP for IPv6", GuardReason::kArpFormat, raw_arp({0, 1, 0x86, 0xdd, 6, 16, 0, 1}));
  add("ARP with long MACs", GuardReason::kArpFormat, raw_arp({0, 1, 8, 0, 8, 4, 0, 1}));
  add("reverse request", GuardReason::kArpOperation, raw_arp({0, 1, 8, 0, 6, 4, 0, 3}));
  add("reverse reply", GuardReason::kArpOperation, raw_arp({0, 1, 8, 0, 6, 4, 0, 4}));
  add("inverse request", GuardReason::kArpOperation, raw_arp({0, 1, 8, 0, 6, 4, 0, 8}));
  add("operation 0", GuardReason::kArpOperation, raw_arp({0, 1, 8, 0, 6, 4, 0, 0}));
  add("operation 256", GuardReason::kArpOperation, raw_arp({0, 1, 8, 0, 6, 4, 1, 0}));
  add("truncated ARP", GuardReason::kArpSender, raw_arp({0, 1, 8, 0, 6, 4, 0, 1}, 14));
  add("the gateway asks", GuardReason::kArpSender,
      arp({.sender_mac = kSenderMac, .sender_ip = kGateway4, .target_ip = kVictim4}));
  add("the gateway answers", GuardReason::kArpSender,
      arp({.operation = 2,
           .sender_mac = kSenderMac,
           .sender_ip = kGateway4,
           .target_mac = kVictimMac,
           .target_ip = kVictim4},
          kVictimMac));
  add("gratuitous for the gateway", GuardReason::kArpSender,
      arp({.sender_mac = kSenderMac, .sender_ip = kGateway4, .target_ip = kGateway4}));
  add("gratuitous reply for a neighbour", GuardReason::kArpSender,
      arp({.operation = 2, .sender_mac = kSenderMac, .sender_ip = kVictim4, .target_ip = kVictim4}));
  add("own address at another MAC", GuardReason::kArpSender,
      arp({.operation = 2,
           .sender_mac = kOtherMac,
           .sender_ip = kOwn4,
           .target_mac = kVictimMac,
           .target_ip = kVictim4},
          kVictimMac));
  add("reply from nobody", GuardReason::kArpSender,
      arp({.operation = 2, .sender_mac = kSenderMac, .sender_ip = "0.0.0.0", .target_ip = kVictim4}));
  add("probe for a neighbour", GuardReason::kArpTarget,
      arp({.sender_mac = kSenderMac, .sender_ip = "0.0.0.0", .target_ip = kVictim4}));
  add("probe for the gateway", GuardReason::kArpTarget,
      arp({.sender_mac = kSenderMac, .sender_ip = "0.0.0.0", .target_ip = kGateway4}));
}

void Attacks::neighbours() {
  const Bytes own_source = mac_option(1, kSenderMac), own_target = mac_option(2, kSenderMac);
  add("advertises a neighbour", GuardReason::kNdTarget, nd(kOwn6, kAllNodes, 136, kVictim6, own_target));
  add("advertises the gateway", GuardReason::kNdTarget, nd(kOwn6, kVictim6, 136, kGateway6, own_target));
  add("advertises a link-local", GuardReason::kNdTarget, nd(kOwn6, kVictim6, 136, "fe80::1", own_target));
  add("DAD for a neighbour", GuardReason::kNdTarget, nd("::", "ff02::1:ff00:3", 135, kVictim6));
  add("DAD for the gateway", GuardReason::kNdTarget, nd("::", "ff02::1:ff00:1", 135, kGateway6, nonce()));
  add("own target at another MAC", GuardReason::kNdOption, nd(kOwn6, kVictim6, 136, kOwn6, mac_option(2, kOtherMac)));
  add("asks as another MAC", GuardReason::kNdOption, nd(kOwn6, kVictim6, 135, kVictim6, mac_option(1, kOtherMac)));
  add("second MAC option", GuardReason::kNdOption,
      nd(kOwn6, kVictim6, 136, kOwn6, concat({own_target, mac_option(2, kOtherMac)})));
  add("another MAC behind a nonce", GuardReason::kNdOption,
      nd(kOwn6, kVictim6, 135, kVictim6, concat({nonce(), mac_option(1, kOtherMac)})));
  add("prefix option in a solicitation", GuardReason::kNdOption,
      nd(kOwn6, kVictim6, 135, kVictim6, concat({{3, 4}, Bytes(30, 1)})));
  add("MAC option of two units", GuardReason::kNdOption,
      nd(kOwn6, kVictim6, 136, kOwn6, concat({{2, 2}, Bytes(14, 1)})));
  add("three options", GuardReason::kNdOption,
      nd(kOwn6, kVictim6, 135, kVictim6, concat({own_source, nonce(), mac_option(1, kOtherMac)})));
  add("router solicitation of another MAC", GuardReason::kNdOption,
      v6(kSenderLinkLocal, "ff02::2").icmpv6(133, 0).payload(mac_option(1, kOtherMac)).build());
  for (const Byte type : {138, 141, 142, 148, 149}) {
    add("ICMPv6 type " + std::to_string(type), GuardReason::kNdType,
        v6(kOwn6, kAllNodes).icmpv6(type, 0).payload(Bytes(16, 0)).build());
  }
  add("fragmented advertisement", GuardReason::kNdFragment,
      v6(kOwn6, kVictim6)
          .fragment({.offset = 0, .more = true})
          .icmpv6(136, 0)
          .payload(concat({address_bytes(kOwn6), own_target}))
          .build());
}

void Attacks::routers() {
  const Bytes advertisement = concat({{64, 0, 7, 8}, Bytes(8, 0)});
  add("router advertisement", GuardReason::kRouterAdvertisement,
      v6(kSenderLinkLocal, kAllNodes).icmpv6(134, 0).payload(advertisement).build());
  add("router advertisement from ::", GuardReason::kRouterAdvertisement,
      v6("::", kAllNodes).icmpv6(134, 0).payload(advertisement).build());
  add("advertisement behind hop-by-hop", GuardReason::kRouterAdvertisement,
      v6(kSenderLinkLocal, kAllNodes).hop_by_hop().icmpv6(134, 0).payload(advertisement).build());
  add("advertisement behind options", GuardReason::kRouterAdvertisement,
      v6(kSenderLinkLocal, kAllNodes).destination_options().icmpv6(134, 0).payload(advertisement).build());
  add("advertisement behind two headers", GuardReason::kRouterAdvertisement,
      v6(kSenderLinkLocal, kAllNodes).hop_by_hop().destination_options().icmpv6(134, 0).payload(advertisement).build());
  add("fragmented router advertisement", GuardReason::kNdFragment,
      v6(kSenderLinkLocal, kAllNodes)
          .fragment({.offset = 0, .more = true})
          .icmpv6(134, 0)
          .payload(concat({advertisement, Bytes(4, 0)}))
          .build());
  add("ICMP router advertisement", GuardReason::kRouterAdvertisement, v4().icmp(9, 0).payload(Bytes(8, 1)).build());
  add("multicast router advertisement", GuardReason::kRouterAdvertisement,
      v6(kSenderLinkLocal, kAllNodes).icmpv6(151, 0).build());
  add("multicast router ends", GuardReason::kRouterAdvertisement,
      v6(kSenderLinkLocal, kAllNodes).icmpv6(153, 0).build());
  add("ICMP redirect", GuardReason::kRedirect, v4().icmp(5, 1).payload(kInner4).build());
  add("ICMPv6 redirect", GuardReason::kRedirect,
      v6(kSenderLinkLocal).icmpv6(137, 0).payload(concat({address_bytes(kOwn6), address_bytes(kVictim6)})).build());
  add("IGMP query", GuardReason::kMulticastQuery,
      v4(kOwn4, "224.0.0.1", {.ttl = 1, .options = kRouterAlert4, .protocol = 2})
          .payload(test::from_hex("11640000 00000000 02000000"))
          .build());
  add("IGMP query from nobody", GuardReason::kMulticastQuery,
      v4("0.0.0.0", "224.0.0.1", {.ttl = 1, .protocol = 2}).payload(test::from_hex("11640000 00000000")).build());
  add("MLD query", GuardReason::kMulticastQuery,
      v6(kSenderLinkLocal, kAllNodes).hop_by_hop(kRouterAlert6).icmpv6(130, 0).payload(Bytes(20, 0)).build());
}

void Attacks::dhcp() {
  const auto bootp4 = [](std::string_view source, std::uint16_t from, std::uint16_t to, Byte operation,
                         std::string_view mac) {
    return from_sender(kBroadcast).ipv4(source, "255.255.255.255").udp(from, to).payload(bootp(operation, mac)).build();
  };
  add("DHCP offer", GuardReason::kDhcpServer, bootp4(kOwn4, 67, 68, 2, kVictimMac));
  add("DHCP offer from another port", GuardReason::kDhcpServer, bootp4(kOwn4, 4067, 68, 2, kVictimMac));
  add("DHCP relay", GuardReason::kDhcpServer, bootp4(kOwn4, 67, 67, 1, kSenderMac));
  add("request for another MAC", GuardReason::kDhcpClient, bootp4("0.0.0.0", 68, 67, 1, kOtherMac));
  add("release for another MAC", GuardReason::kDhcpClient, bootp4(kOwn4, 68, 67, 1, kOtherMac));
  add("reply as a request", GuardReason::kDhcpClient, bootp4("0.0.0.0", 68, 67, 2, kSenderMac));
  add("request cut off", GuardReason::kDhcpClient,
      from_sender(kBroadcast).ipv4("0.0.0.0", "255.255.255.255").udp(68, 67).payload(Bytes{1, 1, 6, 0}).build());
  const auto udp6 = [](std::uint16_t from, std::uint16_t to) {
    return v6(kSenderLinkLocal, kAllNodes).udp(from, to).payload(Bytes{2, 1, 2, 3}).build();
  };
  add("DHCPv6 advertise", GuardReason::kDhcpv6Server, udp6(547, 546));
  add("DHCPv6 reply from another port", GuardReason::kDhcpv6Server, udp6(4547, 546));
  add("DHCPv6 relay reply", GuardReason::kDhcpv6Server, udp6(547, 547));
}

}  // namespace

std::vector<AttackFrame> attack_frames() {
  Attacks out;
  out.macs();
  out.tags_and_types();
  out.sources();
  out.loopback_and_routes();
  out.tunnels();
  out.arps();
  out.neighbours();
  out.routers();
  out.dhcp();
  return out.take();
}

std::vector<LegalFrame> legal_frames() {
  std::vector<LegalFrame> out;
  const auto add = [&](std::string name, Bytes frame) { out.push_back({std::move(name), std::move(frame)}); };
  const Bytes own_source = mac_option(1, kSenderMac), own_target = mac_option(2, kSenderMac);
  // ARP
  add("ARP request", arp({.sender_mac = kSenderMac, .sender_ip = kOwn4, .target_ip = kGateway4}));
  add("unicast ARP request", arp({.sender_mac = kSenderMac, .sender_ip = kOwn4, .target_ip = kVictim4}, kVictimMac));
  add("ARP reply", arp({.operation = 2,
                        .sender_mac = kSenderMac,
                        .sender_ip = kOwn4,
                        .target_mac = kVictimMac,
                        .target_ip = kVictim4},
                       kVictimMac));
  add("gratuitous ARP", arp({.sender_mac = kSenderMac, .sender_ip = kOwn4, .target_ip = kOwn4}));
  add("gratuitous ARP reply", arp({.operation = 2,
                                   .sender_mac = kSenderMac,
                                   .sender_ip = kOwn4,
                                   .target_mac = kSenderMac,
                                   .target_ip = kOwn4}));
  add("ARP probe", arp({.sender_mac = kSenderMac, .sender_ip = "0.0.0.0", .target_ip = kOwn4}));
  add("padded ARP", from_sender(kBroadcast).arp({.sender_mac = kSenderMac, .sender_ip = kOwn4}).pad_to_60().build());
  // Neighbour discovery
  add("solicitation", nd(kOwn6, "ff02::1:ff00:1", 135, kGateway6, own_source));
  add("unicast solicitation", nd(kOwn6, kVictim6, 135, kVictim6));
  add("solicitation with nonce", nd(kOwn6, kVictim6, 135, kVictim6, concat({own_source, nonce()})));
  add("solicitation from link-local", nd(kSenderLinkLocal, "ff02::1:ff00:3", 135, kVictim6, own_source));
  add("advertisement", nd(kOwn6, kVictim6, 136, kOwn6, own_target));
  add("advertisement without MAC", nd(kOwn6, kVictim6, 136, kOwn6));
  add("unsolicited advertisement", nd(kOwn6, kAllNodes, 136, kOwn6, own_target));
  add("advertisement of link-local", nd(kSenderLinkLocal, kVictim6, 136, kSenderLinkLocal, own_target));
  add("DAD", nd("::", "ff02::1:ff00:2", 135, kOwn6));
  add("DAD of link-local with nonce", nd("::", "ff02::1:ff00:2", 135, kSenderLinkLocal, nonce()));
  add("router solicitation", v6(kSenderLinkLocal, "ff02::2").icmpv6(133, 0).payload(own_source).build());
  add("router solicitation from ::", v6("::", "ff02::2").icmpv6(133, 0).build());
  // Multicast reports
  const Bytes report = test::from_hex("04000000 ff020000000000000000000000000123");
  add("MLDv2 report",
      v6(kSenderLinkLocal, "ff02::16").hop_by_hop(kRouterAlert6).icmpv6(143, 0, {.rest = 1}).payload(report).build());
  add("MLDv2 report from ::",
      v6("::", "ff02::16").hop_by_hop(kRouterAlert6).icmpv6(143, 0, {.rest = 1}).payload(report).build());
  add("MLD report",
      v6(kSenderLinkLocal, "ff02::123").hop_by_hop(kRouterAlert6).icmpv6(131, 0).payload(Bytes(16, 0)).build());
  add("MLD done",
      v6(kSenderLinkLocal, "ff02::2").hop_by_hop(kRouterAlert6).icmpv6(132, 0).payload(Bytes(16, 0)).build());
  add("IGMPv2 report", v4(kOwn4, "224.0.0.251", {.ttl = 1, .options = kRouterAlert4, .protocol = 2})
                           .payload(test::from_hex("16000904 e00000fb"))
                           .build());
  add("IGMPv3 report from nobody", v4("0.0.0.0", "224.0.0.22", {.ttl = 1, .options = kRouterAlert4, .protocol = 2})
                                       .payload(test::from_hex("22000000 00000001 04000000 e00000fb"))
                                       .build());
  // DHCP
  const auto dhcp = [](std::string_view source, std::string_view destination) {
    return from_sender(kBroadcast).ipv4(source, destination).udp(68, 67).payload(bootp(1, kSenderMac)).build();
  };
  add("DHCP discover", dhcp("0.0.0.0", "255.255.255.255"));
  add("DHCP renewal", dhcp(kOwn4, kVictim4));
  add("DHCPv6 solicit", v6(kSenderLinkLocal, "ff02::1:2").udp(546, 547).payload(Bytes{1, 1, 2, 3}).build());
  // The rest of life
  add("TCP", v4().tcp(40000, 80, {.flags = test::tcp_flags::kSyn}).build());
  add("TCP over IPv6", v6().tcp(40000, 80, {.flags = test::tcp_flags::kSyn}).build());
  add("UDP beside VXLAN's port", v4().udp(50000, 4790).payload("x").build());
  add("UDP from VXLAN's port", v4().udp(4789, 50000).payload("x").build());
  add("multicast DNS",
      from_sender("01:00:5e:00:00:fb").ipv4(kOwn4, "224.0.0.251").udp(5353, 5353).payload("q").build());
  add("echo", v4().icmp(8, 0).payload("ping").build());
  add("echo over IPv6", v6().icmpv6(128, 0).payload("ping").build());
  add("echo between link-locals", v6(kSenderLinkLocal, "fe80::77:ff:fe00:3").icmpv6(128, 0).build());
  add("unreachable", v4().icmp(3, 3).payload(kInner4).build());
  add("packet too big", v6().icmpv6(2, 0, {.rest = 1280}).payload(Bytes(48, 0)).build());
  add("SCTP", v4().sctp(1000, 2000).payload(Bytes(4, 0)).build());
  add("ESP", v4().esp(7).payload(Bytes(24, 9)).build());
  add("IPv4 with a timestamp option", v4(kOwn4, kVictim4, {.options = {68, 8, 5, 0, 0, 0, 0, 0}}).tcp(1, 2).build());
  const Bytes big = v4().udp(1000, 2000).payload(Bytes(1200, 7)).build();
  for (const Bytes& piece : test::fragment_frame(big, 800)) add("IPv4 fragment", piece);
  const Bytes big6 = v6().icmpv6(128, 0).payload(Bytes(1200, 7)).build();
  for (const Bytes& piece : test::fragment_frame(big6, 800)) add("IPv6 fragment", piece);
  add("broadcast UDP", from_sender(kBroadcast).ipv4(kOwn4, "10.77.0.255").udp(137, 137).payload("n").build());
  return out;
}

}  // namespace bulkhead::testing
