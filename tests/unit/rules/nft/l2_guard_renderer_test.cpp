#include "rules/nft/l2_guard_renderer.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

#include <cstring>
#include <set>

#include "rules/nft/enforcer.h"
#include "rules/nft/guard_ports.h"
#include "rules/nft/l2_guard.h"
#include "tests/unit/rules/nft/fake_nft_transport.h"

namespace bulkhead::rules {
namespace {

GuardPort port(std::uint32_t index, bool with_mac = true) {
  GuardPort out;
  out.interface = "veth" + std::to_string(index);
  out.index = index;
  out.workload = "shop/web";
  if (with_mac) out.mac = MacAddress{{2, 0, 0, 0, 0, static_cast<Byte>(index)}};
  out.addresses = {IpAddress::v4(0x0a000000U + index)};
  return out;
}

// Every chain that rules and map elements of the table lead to.
std::set<std::string> targets(const NftTable& table) {
  std::set<std::string> out;
  for (const NftChain& chain : table.chains) {
    for (const NftRule& rule : chain.rules) {
      for (const Expression& e : rule.expressions) {
        if (const auto* v = std::get_if<ExprVerdict>(&e)) out.insert(v->verdict.chain);
      }
    }
  }
  for (const NftSet& set : table.sets) {
    for (const NftElement& e : set.elements) {
      if (e.verdict) out.insert(e.verdict->chain);
    }
  }
  out.erase("");
  return out;
}

TEST(L2GuardRenderer, EveryReasonHasANameATextAndADropChainThatIsReached) {
  const NftTable table = render_guard({port(7), port(8, false)}, {});
  const std::set<std::string> reached = targets(table);
  std::set<std::string_view> names;
  EXPECT_EQ(all_guard_reasons().size(), 26U);
  for (const GuardReason reason : all_guard_reasons()) {
    const std::string name(guard_reason_name(reason));
    EXPECT_TRUE(names.insert(guard_reason_name(reason)).second) << name;
    EXPECT_FALSE(guard_reason_text(reason).empty());
    EXPECT_TRUE(reached.contains("drop-" + name)) << name;
    const NftChain* chain = table.chain("drop-" + name);
    ASSERT_NE(chain, nullptr) << name;
    ASSERT_EQ(chain->rules.size(), 2U);
    EXPECT_EQ(chain->rules[1].comment, "guard/" + name);
    EXPECT_EQ(std::get<ExprVerdict>(chain->rules[1].expressions.back()).verdict.code, NF_DROP);
    EXPECT_EQ(guard_reason_of_prefix("bulkhead guard " + name), reason);
  }
  EXPECT_EQ(guard_reason_of_prefix("bulkhead guard "), GuardReason::kUnknown);
  EXPECT_EQ(guard_reason_of_prefix("bulkhead guard macs"), GuardReason::kUnknown);
  EXPECT_EQ(guard_reason_of_prefix("mac"), GuardReason::kUnknown);
  EXPECT_EQ(guard_reason_name(GuardReason::kUnknown), "");
  for (const std::string& name : reached) EXPECT_NE(table.chain(name), nullptr) << name;
}

TEST(L2GuardRenderer, PinsAreKeyedByInterfaceIndex) {
  const NftTable table = render_guard({port(7)}, {});
  const Bytes index = [] {
    const std::uint32_t seven = 7;
    Bytes out(4);
    std::memcpy(out.data(), &seven, 4);
    return out;
  }();
  const auto key = [&](std::initializer_list<Byte> rest) {
    Bytes out = index;
    out.insert(out.end(), rest);
    return out;
  };
  ASSERT_EQ(table.set("macs")->elements.size(), 1U);
  EXPECT_EQ(table.set("macs")->elements[0].key, key({2, 0, 0, 0, 0, 7, 0, 0}));
  ASSERT_EQ(table.set("pins4")->elements.size(), 1U);
  EXPECT_EQ(table.set("pins4")->elements[0].key, key({10, 0, 0, 7}));
  ASSERT_EQ(table.set("pins6")->elements.size(), 1U) << "its link-local address";
  EXPECT_EQ(table.set("pins6")->elements[0].key, key({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 7}));
  EXPECT_EQ(table.set("pins6")->key_length(), 20U);
  EXPECT_TRUE(table.set("any-link-local")->elements.empty());
  const NftChain* chain = table.chain("port-veth7");
  ASSERT_NE(chain, nullptr);
  EXPECT_EQ(chain->hook->device, "veth7");
  EXPECT_EQ(chain->hook->priority, -500);
}

TEST(L2GuardRenderer, WithoutAMacThePortLearns) {
  GuardSettings settings;
  settings.max_macs = 3;
  const NftTable table = render_guard({port(8, false)}, settings);
  ASSERT_NE(table.set("learned-veth8"), nullptr);
  EXPECT_EQ(table.set("learned-veth8")->size, 3U);
  EXPECT_TRUE(table.set("learned-veth8")->dynamic_elements);
  EXPECT_EQ(table.set("any-link-local")->elements.size(), 1U);
  EXPECT_TRUE(table.set("pins6")->elements.empty());
  EXPECT_EQ(render_guard({port(8)}, settings).set("learned-veth8"), nullptr);
}

TEST(L2GuardRenderer, SettingsOpenAndClose) {
  GuardSettings settings;
  settings.ether_types = {0x88cc, 0x0800};  // one new, one that is there anyway
  settings.tunnel_ports = {4789, 67};
  settings.tunnel_protocols = {47, 6};  // TCP is no tunnel
  const NftTable table = render_guard({}, settings);
  const auto verdict = [&](const char* map, const Bytes& key) {
    for (const NftElement& e : table.set(map)->elements) {
      if (e.key == key) return e.verdict->code == NF_ACCEPT ? std::string("accept") : e.verdict->chain;
    }
    return std::string();
  };
  EXPECT_EQ(verdict("ether-types", {0x88, 0xcc}), "accept");
  EXPECT_EQ(verdict("ether-types", {8, 0}), "v4");
  EXPECT_EQ(verdict("ether-types", {0x81, 0}), "drop-vlan");
  EXPECT_EQ(verdict("protocols4", {47}), "drop-tunnel");
  EXPECT_EQ(verdict("protocols4", {6}), "accept");
  EXPECT_EQ(verdict("protocols6", {4}), "");
  EXPECT_EQ(verdict("udp-to", {0x12, 0xb5}), "drop-tunnel");
  EXPECT_EQ(verdict("udp-to", {0x19, 0x1}), "") << "not on this list";
}

TEST(GuardPorts, ThoseWhoseInterfaceIsHere) {
  LinkTable links;
  // nlmsghdr, ifinfomsg, IFLA_IFNAME
  const auto link = [](int index, const char* name) {
    Bytes out(40, 0);
    out[0] = 40;
    out[4] = 16;
    std::memcpy(out.data() + 20, &index, 4);
    out[32] = 8;
    out[34] = 3;
    std::memcpy(out.data() + 36, name, 3);
    return out;
  };
  links.apply(link(11, "aaa"));
  links.apply(link(12, "bbb"));
  Inventory inventory;
  Workload listed;
  listed.name_space = "shop";
  listed.name = "listed";
  listed.interface = "aaa";
  listed.addresses = {*IpAddress::parse("10.0.0.2")};
  Workload found;
  found.name_space = "shop";
  found.name = "found";
  found.addresses = {*IpAddress::parse("10.0.0.3")};
  found.attachments = {{"bbb", 12, "n", std::nullopt, found.addresses}, {"ccc", 13, "m", std::nullopt, {}}};
  ASSERT_FALSE(inventory.add_workload(listed));
  ASSERT_FALSE(inventory.add_workload(found));
  auto ports = guard_ports(inventory, links);
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_EQ(ports[0].index, 11U);
  EXPECT_EQ(ports[1].workload, "shop/found");
  EXPECT_EQ(ports[1].index, 12U);
  links.apply(link(22, "bbb"));
  Bytes gone = link(12, "bbb");
  gone[4] = 17;
  links.apply(gone);
  ports = guard_ports(inventory, links);
  ASSERT_EQ(ports.size(), 1U) << "another interface of that name is another port";
}

class GuardOnFake : public ::testing::Test {
 protected:
  // The one interface that every network namespace has.
  static GuardPort loopback() {
    GuardPort out = port(::if_nametoindex("lo"));
    out.interface = "lo";
    return out;
  }
  testing::FakeNftTransport kernel_;
  L2Guard guard_{kernel_};
};

TEST_F(GuardOnFake, LoadsOnceAndThenOnlyWhatDiffers) {
  auto first = guard_.load({loopback()});
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_GT(first->changes, 50U);
  auto same = guard_.load({loopback()});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->changes, 0U);
  GuardPort moved = loopback();
  moved.addresses = {*IpAddress::parse("10.9.9.9")};
  auto changed = guard_.load({moved});
  ASSERT_TRUE(changed);
  EXPECT_LT(changed->changes, 8U) << "one element comes, one goes, and the port's chain has the new address";
  for (const NftCommand& command : kernel_.last) {
    EXPECT_TRUE(command.name == "pins4" || command.name.starts_with("port-")) << command.object();
  }
}

TEST_F(GuardOnFake, APortWhoseInterfaceIsGoneIsLeftOut) {
  GuardPort gone = port(7);
  gone.interface = "not-there";
  auto report = guard_.load({gone, loopback()});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ports, 1U);
  EXPECT_EQ(report->skipped, std::vector<std::string>{"not-there"});
  EXPECT_EQ(kernel_.kernel.tables[0].chain("port-not-there"), nullptr);
}

TEST_F(GuardOnFake, ARefusedLoadChangesNothing) {
  ASSERT_TRUE(guard_.load({loopback()}));
  kernel_.fail_next = EPERM;
  const auto refused = guard_.load({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPERM);
  EXPECT_EQ(guard_.ports().size(), 1U);
  auto findings = guard_.verify();
  ASSERT_TRUE(findings);
  EXPECT_TRUE(findings->empty());
}

TEST_F(GuardOnFake, GuardAndPoliciesLeaveEachOtherAlone) {
  Enforcer enforcer(kernel_);
  ASSERT_TRUE(enforcer.load(nullptr));
  ASSERT_TRUE(guard_.load({loopback()}));
  EXPECT_EQ(kernel_.kernel.tables.size(), 3U);
  auto again = enforcer.load(nullptr);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->changes, 0U);
  auto findings = guard_.verify();
  ASSERT_TRUE(findings);
  EXPECT_TRUE(findings->empty());
  auto removed = Enforcer::recover(kernel_);
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, 3U);
}

}  // namespace
}  // namespace bulkhead::rules
