#include "rules/discovery/link_table.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <functional>

#include "datapath/netlink/attributes.h"
#include "rules/discovery/link_monitor.h"

namespace bulkhead::rules {
namespace {

using netlink::AttributeWriter;
using Fill = std::function<void(AttributeWriter&)>;

template <typename Head>
std::vector<Byte> message(std::uint16_t type, const Head& head, const Fill& fill = {}) {
  std::vector<Byte> out(sizeof(nlmsghdr) + sizeof head);
  std::memcpy(out.data() + sizeof(nlmsghdr), &head, sizeof head);
  AttributeWriter writer(out);
  if (fill) fill(writer);
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_len = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

std::vector<Byte> link(int index, const std::string& name, std::uint32_t master = 0, std::int32_t space = -1,
                       std::uint16_t type = RTM_NEWLINK, unsigned char family = AF_UNSPEC) {
  ifinfomsg head{};
  head.ifi_family = family;
  head.ifi_index = index;
  head.ifi_flags = IFF_UP;
  return message(type, head, [&](AttributeWriter& out) {
    out.text(IFLA_IFNAME, name);
    const Byte mac[6] = {2, 0, 0, 0, 0, static_cast<Byte>(index)};
    out.bytes(IFLA_ADDRESS, mac, sizeof mac);
    if (master != 0) out.u32(IFLA_MASTER, master);
    out.u32(IFLA_LINK, 2);
    if (space >= 0) out.u32(IFLA_LINK_NETNSID, static_cast<std::uint32_t>(space));
    const std::size_t nest = out.open(IFLA_LINKINFO);
    out.text(IFLA_INFO_KIND, name.starts_with("br") ? "bridge" : "veth");
    out.close(nest);
  });
}

std::vector<Byte> address(std::uint32_t index, const std::string& text, std::uint16_t type = RTM_NEWADDR) {
  const IpAddress value = *IpAddress::parse(text);
  ifaddrmsg head{};
  head.ifa_family = value.is_v4() ? AF_INET : AF_INET6;
  head.ifa_index = index;
  return message(type, head, [&](AttributeWriter& out) { out.bytes(IFA_ADDRESS, value.bytes().data(), value.size()); });
}

TEST(LinkTable, LinksComeChangeAndGo) {
  LinkTable table;
  EXPECT_EQ(table.apply(link(10, "br0")), LinkTable::End::kMore);
  table.apply(link(20, "veth20", 10, 7));
  const std::uint64_t version = table.version();
  table.apply(link(20, "veth20", 10, 7));
  EXPECT_EQ(table.version(), version) << "nothing new";
  const Link* port = table.find("veth20");
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->index, 20U);
  EXPECT_EQ(port->kind, "veth");
  EXPECT_EQ(port->master, 10U);
  EXPECT_EQ(port->peer, 2U);
  EXPECT_EQ(port->peer_namespace, 7);
  EXPECT_TRUE(port->up);
  EXPECT_EQ(port->mac->to_string(), "02:00:00:00:00:14");
  EXPECT_EQ(table.port_of(10, 7), port);
  EXPECT_EQ(table.port_of(10, 8), nullptr);
  EXPECT_EQ(table.port_of(11, 7), nullptr);
  table.apply(link(20, "renamed", 0, 7));
  EXPECT_GT(table.version(), version);
  EXPECT_EQ(table.find("veth20"), nullptr);
  EXPECT_EQ(table.port_of(10, 7), nullptr) << "no longer in the bridge";
  table.apply(link(20, "renamed", 0, 7, RTM_DELLINK));
  EXPECT_EQ(table.find(20U), nullptr);
}

TEST(LinkTable, ABridgeTalkingOfItsPortsIsNoNews) {
  LinkTable table;
  table.apply(link(20, "veth20", 10, 7));
  table.apply(link(20, "veth20", 10, -1, RTM_NEWLINK, AF_BRIDGE));
  EXPECT_EQ(table.find(20U)->peer_namespace, 7);
  table.apply(link(20, "veth20", 10, -1, RTM_DELLINK, AF_BRIDGE));
  EXPECT_NE(table.find(20U), nullptr) << "it only left the bridge";
}

TEST(LinkTable, AddressesFollowTheirLink) {
  LinkTable table;
  table.apply(link(10, "br0"));
  table.apply(address(10, "172.30.1.1"));
  table.apply(address(10, "fd30:1::1"));
  table.apply(address(10, "fd30:1::1"));
  EXPECT_EQ(table.addresses().size(), 2U);
  table.apply(address(10, "172.30.1.1", RTM_DELADDR));
  EXPECT_EQ(table.addresses(), std::vector{*IpAddress::parse("fd30:1::1")});
  table.apply(link(10, "br0", 0, -1, RTM_DELLINK));
  EXPECT_TRUE(table.addresses().empty());
}

TEST(LinkTable, ADumpForgetsWhatItDoesNotName) {
  LinkTable table;
  table.apply(link(10, "br0"));
  table.apply(link(20, "veth20", 10, 7));
  table.apply(address(10, "172.30.1.1"));
  table.apply(address(30, "172.30.3.1"));  // of a link that is never told of
  EXPECT_EQ(table.addresses().size(), 2U);
  table.begin_links();
  std::vector<Byte> both = link(10, "br0");
  const std::vector<Byte> done = message(NLMSG_DONE, std::int32_t{0});
  both.insert(both.end(), done.begin(), done.end());
  EXPECT_EQ(table.apply(both), LinkTable::End::kDone);
  table.end_links();
  EXPECT_EQ(table.find(20U), nullptr);
  EXPECT_NE(table.find(10U), nullptr);
  EXPECT_EQ(table.addresses(), std::vector<IpAddress>{*IpAddress::parse("172.30.1.1")});
  table.begin_addresses();
  table.end_addresses();
  EXPECT_TRUE(table.addresses().empty());
}

TEST(LinkTable, BrokenMessagesAreCountedAndDoNotSpoilOthers) {
  const std::vector<Byte> good = link(20, "veth20", 10, 7);
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    LinkTable table;
    table.apply(ByteSpan(good).first(cut));
    EXPECT_EQ(table.broken(), 1U) << cut;
    EXPECT_TRUE(table.links().empty()) << cut;
  }
  LinkTable table;
  std::vector<Byte> bad = good;
  bad[sizeof(nlmsghdr) + sizeof(ifinfomsg)] = 2;  // an attribute shorter than its head
  std::vector<Byte> both = bad;
  both.insert(both.end(), good.begin(), good.end());
  table.apply(both);
  EXPECT_EQ(table.broken(), 1U);
  EXPECT_NE(table.find(20U), nullptr);
  EXPECT_EQ(table.apply(message(NLMSG_ERROR, std::int32_t{-1})), LinkTable::End::kError);
  EXPECT_EQ(table.last_error(), 1);
}

TEST(LinkTable, NamespaceIds) {
  const auto answer = [](std::int32_t id) {
    return message(RTM_NEWNSID, std::uint32_t{0},
                   [&](AttributeWriter& out) { out.u32(NETNSA_NSID, static_cast<std::uint32_t>(id)); });
  };
  EXPECT_EQ(parse_namespace_id(answer(7)), 7);
  EXPECT_EQ(parse_namespace_id(answer(-1)), std::nullopt) << "the kernel's word for none";
  EXPECT_EQ(parse_namespace_id(message(NLMSG_ERROR, std::int32_t{-3})), std::nullopt);
  EXPECT_EQ(parse_namespace_id({}), std::nullopt);
  const std::vector<Byte> request = namespace_id_request(4242, 9);
  EXPECT_EQ(request.size(), sizeof(nlmsghdr) + 4 + 8);
  EXPECT_EQ(netlink::find_attribute(ByteSpan(request).subspan(sizeof(nlmsghdr) + 4), NETNSA_PID).u32(), 4242U);
}

TEST(LinkMonitor, ReadsThisNamespace) {
  auto monitor = LinkMonitor::open();
  ASSERT_TRUE(monitor) << monitor.error().to_string();
  const Link* loopback = (*monitor)->links().find("lo");
  ASSERT_NE(loopback, nullptr);
  EXPECT_EQ(loopback->index, ::if_nametoindex("lo"));
  auto changed = (*monitor)->poll();
  ASSERT_TRUE(changed);
  auto gone = (*monitor)->namespace_of(0x7fffffff);
  ASSERT_TRUE(gone);
  EXPECT_FALSE(gone->has_value());
}

}  // namespace
}  // namespace bulkhead::rules
