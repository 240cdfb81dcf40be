#include "rules/nft/nft_printer.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "rules/nft/block_sets.h"
#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {
namespace {

RuleBuilder inet() {
  return RuleBuilder(NftFamily::kInet);
}

TEST(NftPrinter, Rules) {
  const IpAddress a = *IpAddress::parse("10.0.0.1");
  EXPECT_EQ(print_rule(inet()
                           .ip_version(IpFamily::kV4)
                           .load_address(IpFamily::kV4, PacketSide::kSource)
                           .equals(address_bytes(a))
                           .counter()
                           .verdict(NF_DROP)
                           .done("x")),
            "meta nfproto ipv4 ip saddr 10.0.0.1 counter packets 0 bytes 0 drop comment \"x\"");
  EXPECT_EQ(print_rule(inet()
                           .protocol(6)
                           .load_port(PacketSide::kDestination)
                           .between({0, 80}, {0, 90})
                           .verdict(NFT_JUMP, "c")
                           .done()),
            "meta l4proto tcp th dport 80-90 jump c");
  EXPECT_EQ(print_rule(inet().ct_state(6).verdict(NF_ACCEPT).done()), "ct state established,related accept");
  EXPECT_EQ(print_rule(inet().load_interface(true).in_set("s", true).verdict(NFT_RETURN).done()),
            "oifname != @s return");
  EXPECT_EQ(print_rule(inet().limit(10).log("p ").reject_tcp().done()),
            "limit rate 10/1s burst 10 log prefix \"p \" reject with tcp reset");
  EXPECT_EQ(print_rule(block_chain(NftFamily::kInet, 100).rules[3]),
            "meta nfproto ipv4 ip saddr . ip daddr . meta l4proto . th sport . th dport @block4-flow counter packets 0 "
            "bytes 0 drop comment \"block4-flow\"");
}

TEST(NftPrinter, SetsAndElements) {
  NftSet set = block_sets(100)[3];
  NftElement element;
  element.key = {10, 0, 0, 1, 10, 0, 0, 2, 6, 0, 0, 0, 0, 80, 0, 0, 1, 187, 0, 0};
  element.timeout_ms = 5000;
  element.comment = "sid=1";
  set.elements = {element};
  EXPECT_EQ(print_set(set),
            "\tset block4-flow {\n\t\ttype ipv4_addr . ipv4_addr . inet_proto . inet_service . inet_service\n\t\tsize "
            "100\n\t\tflags timeout\n"
            "\t\telements = { 10.0.0.1 . 10.0.0.2 . tcp . 80 . 443 timeout 5000ms comment \"sid=1\" }\n\t}\n");
  element.key.resize(3);
  EXPECT_EQ(print_element(set, element).substr(0, 8), "0x0a0000") << "a key of the wrong size is printed raw";
}

}  // namespace
}  // namespace bulkhead::rules
