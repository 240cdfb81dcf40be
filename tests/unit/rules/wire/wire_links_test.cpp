#include "rules/wire/wire_links.h"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "datapath/netlink/attributes.h"
#include "rules/wire/wire_keeper.h"

namespace bulkhead::rules {
namespace {

TEST(WireLinks, AliasesAreReadAsTheyAreWritten) {
  const WireAlias alias{"veth12ab", 17, "br0"};
  const auto read = WireAlias::parse(alias.to_string());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->port, "veth12ab");
  EXPECT_EQ(read->index, 17U);
  EXPECT_EQ(read->bridge, "br0");
  for (const char* other :
       {"", "bulkhead wire of ", "bulkhead wire of x", "bulkhead wire of x 1", "bulkhead wire of x 1 in ",
        "bulkhead wire of x 0 in b", "bulkhead wire of x 1y in b", "something of x 1 in b"}) {
    EXPECT_FALSE(WireAlias::parse(other)) << other;
  }
}

TEST(WireLinks, NamesFitTheKernel) {
  EXPECT_EQ(wire_port_name("veth0"), "veth0-w");
  EXPECT_EQ(wire_inner_name("veth0"), "veth0-d");
  EXPECT_EQ(wire_port_name("cali0123456789a"), "cali012345678-w");
}

TEST(WireLinks, PatternsOfNames) {
  EXPECT_TRUE(interface_matches("veth-a", {"x", "veth*"}));
  EXPECT_TRUE(interface_matches("veth-a", {"veth-a"}));
  EXPECT_FALSE(interface_matches("veth-ab", {"veth-a"}));
  EXPECT_FALSE(interface_matches("eth0", {}));
}

std::vector<Byte> link_message() {
  std::vector<Byte> out(sizeof(nlmsghdr) + sizeof(ifinfomsg));
  nlmsghdr header{};
  header.nlmsg_type = RTM_NEWLINK;
  ifinfomsg head{};
  head.ifi_index = 9;
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &head, sizeof head);
  netlink::AttributeWriter writer(out);
  writer.text(IFLA_IFNAME, "veth9");
  writer.u32(IFLA_MTU, 1500);
  writer.u32(IFLA_MASTER, 4);
  const std::size_t info = writer.open(IFLA_LINKINFO);
  writer.text(IFLA_INFO_KIND, "veth");
  writer.text(IFLA_INFO_SLAVE_KIND, "bridge");
  const std::size_t data = writer.open(IFLA_INFO_SLAVE_DATA);
  writer.u8(IFLA_BRPORT_STATE, 3);
  writer.u8(IFLA_BRPORT_ISOLATED, 1);
  writer.close(data);
  writer.close(info);
  return out;
}

TEST(WireLinks, APortComesWithTheSettingsThatCanBeSet) {
  const auto link = parse_wire_link(link_message());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->name, "veth9");
  EXPECT_EQ(link->master, 4U);
  EXPECT_EQ(netlink::find_attribute(link->port, IFLA_BRPORT_ISOLATED).u8(), 1);
  EXPECT_TRUE(netlink::find_attribute(link->port, IFLA_BRPORT_STATE).value.empty()) << "state is no setting";
}

TEST(WireLinks, BrokenMessagesAreNone) {
  const std::vector<Byte> whole = link_message();
  for (std::size_t size = 0; size < sizeof(nlmsghdr) + sizeof(ifinfomsg); ++size) {
    EXPECT_FALSE(parse_wire_link(ByteSpan(whole).first(size)));
  }
  EXPECT_FALSE(parse_wire_link(ByteSpan(whole).first(whole.size() - 6))) << "an attribute is cut";
}

}  // namespace
}  // namespace bulkhead::rules
