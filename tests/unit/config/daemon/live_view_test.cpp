#include "config/daemon/live_view.h"

#include <gtest/gtest.h>

namespace bulkhead::config {
namespace {

using Json = nlohmann::json;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

FlowTuple web_to_db() {
  return {ip("10.0.0.2"), ip("10.0.0.3"), 40000, 6379, ip_proto::kTcp};
}

class LiveViewTest : public ::testing::Test {
 protected:
  LiveViewTest() {
    auto inventory = std::make_shared<rules::Inventory>();
    rules::Workload web;
    web.name_space = "shop";
    web.name = "web";
    web.labels["app"] = "web";
    web.addresses = {ip("10.0.0.2")};
    rules::Workload db = web;
    db.name = "db";
    db.addresses = {ip("10.0.0.3")};
    EXPECT_FALSE(inventory->add_workload(web));
    EXPECT_FALSE(inventory->add_workload(db));
    view.use(inventory);
  }
  static event::AlertEvent alert() {
    event::AlertEvent e;
    e.header.tuple = {ip("10.0.0.3"), ip("10.0.0.2"), 6379, 40000, ip_proto::kTcp};  // the packet: an answer
    e.header.has_tuple = true;
    e.header.flow_id = 77;
    e.header.time = {1'700'000'000'000'000'000};
    e.has_flow = true;
    e.flow.client = web_to_db();
    e.direction = Direction::kToClient;
    auto info = std::make_shared<event::SignatureInfo>();
    info->sid = 9;
    info->message = "redis: module loaded";
    info->source_file = "local.rules";
    info->source_line = 3;
    e.signature = std::move(info);
    e.payload = std::string("+OK\r\n\0\1", 7);
    return e;
  }
  static event::DropEvent denial() {
    event::DropEvent e;
    e.header.tuple = web_to_db();
    e.header.has_tuple = true;
    e.reason = "policy";
    e.policy_rule = "db/ingress/2";
    e.policy_file = "db.yaml";
    e.policy_line = 7;
    return e;
  }
  static event::FlowEvent ended() {
    event::FlowEvent e;
    e.header.app_protocol = "redis";
    e.summary.client = web_to_db();
    e.summary.bytes_to_server = 100;
    e.summary.bytes_to_client = 900;
    return e;
  }
  static pipeline::FlowRecord live_flow() {
    pipeline::FlowRecord f;
    f.id = 5;
    f.client = web_to_db();
    f.bytes_to_server = 10;
    f.bytes_to_client = 20;
    f.state = flow::FlowState::kEstablished;
    f.app_protocol = "redis";
    return f;
  }
  LiveView view;
};

TEST_F(LiveViewTest, AnEdgeIsTheClientsWhicheverSideThePacketWent) {
  view.take(alert());
  view.take(denial());
  view.take(ended());
  const Json edges = view.edges({live_flow()}).at("edges");
  ASSERT_EQ(edges.size(), 1U);
  const Json& edge = edges[0];
  EXPECT_EQ(edge.at("source"), "shop/web");
  EXPECT_EQ(edge.at("destination"), "shop/db");
  EXPECT_EQ(edge.at("proto"), "TCP");
  EXPECT_EQ(edge.at("port"), 6379);
  EXPECT_EQ(edge.at("app_proto"), "redis");
  EXPECT_EQ(edge.at("alerts"), 1);
  EXPECT_EQ(edge.at("denied"), 1);
  EXPECT_EQ(edge.at("flows"), 2);
  EXPECT_EQ(edge.at("active"), 1);
  EXPECT_EQ(edge.at("bytes_to_server"), 110);
  EXPECT_EQ(edge.at("bytes_to_client"), 920);
}

TEST_F(LiveViewTest, LiveFlowsAreCountedOnlyWhileTheyLive) {
  EXPECT_EQ(view.edges({live_flow()}).at("edges").size(), 1U);
  EXPECT_EQ(view.edges({}).at("edges").size(), 0U);
}

TEST_F(LiveViewTest, WorkloadsHaveBothDirections) {
  view.take(ended());
  const Json list = view.workloads({}).at("workloads");
  ASSERT_EQ(list.size(), 2U);
  for (const Json& w : list) {
    const bool web = w.at("name") == "shop/web";
    EXPECT_EQ(w.at("bytes_out"), web ? 100 : 900);
    EXPECT_EQ(w.at("bytes_in"), web ? 900 : 100);
    EXPECT_EQ(w.at("labels").at("app"), "web");
  }
}

TEST_F(LiveViewTest, AnEventCanBeDrilledInto) {
  view.take(alert());
  const Json list = view.events({});
  ASSERT_EQ(list.at("events").size(), 1U);
  const Json& e = list.at("events")[0];
  EXPECT_EQ(e.at("event_type"), "alert");
  EXPECT_EQ(e.at("source"), "shop/web");
  EXPECT_EQ(e.at("file"), "local.rules");
  EXPECT_EQ(e.at("line"), 3);
  EXPECT_EQ(e.at("payload"), "+OK\r\n..");
  const Json whole = view.event(e.at("sequence").get<std::uint64_t>());
  EXPECT_EQ(whole.at("eve").at("alert").at("signature_id"), 9);
  EXPECT_TRUE(view.event(99).is_null());
}

TEST_F(LiveViewTest, EventsAreFilteredAndBounded) {
  for (std::size_t i = 0; i < LiveView::kMostEvents + 10; ++i) view.take(denial());
  view.take(alert());
  EventFilter alerts;
  alerts.type = "alert";
  EXPECT_EQ(view.events(alerts).at("events").size(), 1U);
  EventFilter all;
  all.limit = 100000;
  const Json kept = view.events(all);
  EXPECT_EQ(kept.at("events").size(), LiveView::kMostEvents);
  EXPECT_EQ(kept.at("last"), LiveView::kMostEvents + 11);
  all.after = LiveView::kMostEvents + 9;
  EXPECT_EQ(view.events(all).at("events").size(), 2U);
  all.end = "shop/nobody";
  EXPECT_EQ(view.events(all).at("events").size(), 0U);
}

TEST_F(LiveViewTest, PortsOfAScanDoNotGrowWithoutEnd) {
  event::DropEvent e = denial();
  for (std::size_t i = 0; i < LiveView::kMostEdges + 5000; ++i) {
    e.header.tuple.destination_port = static_cast<std::uint16_t>(i);
    e.header.tuple.protocol = i < 65536 ? ip_proto::kTcp : ip_proto::kUdp;
    view.take(e);
  }
  const Json edges = view.edges({}).at("edges");
  EXPECT_EQ(edges.size(), LiveView::kMostEdges + 1) << "those beyond are one";
  std::uint64_t denied = 0;
  for (const Json& edge : edges) denied += edge.at("denied").get<std::uint64_t>();
  EXPECT_EQ(denied, LiveView::kMostEdges + 5000);
}

TEST_F(LiveViewTest, StrangersAreTheWorldAndPrivateOnesAreThemselves) {
  EXPECT_EQ(view.name_of(ip("8.8.8.8")), "world");
  EXPECT_EQ(view.name_of(ip("2001:db8::1")), "world");
  EXPECT_EQ(view.name_of(ip("10.9.9.9")), "10.9.9.9");
  EXPECT_EQ(view.name_of(ip("fd00::9")), "fd00::9");
}

TEST_F(LiveViewTest, AddressesOfTheLinkBelongToTheWorkloadWithThatMac) {
  auto inventory = std::make_shared<rules::Inventory>();
  rules::Workload web;
  web.name_space = "shop";
  web.name = "web";
  web.addresses = {ip("10.0.0.2")};
  web.interface = "veth-web";
  web.mac = MacAddress::parse("02:00:00:00:00:0a");
  EXPECT_FALSE(inventory->add_workload(web));
  view.use(inventory);
  EXPECT_EQ(view.name_of(ip("fe80::ff:fe00:a")), "shop/web");
  EXPECT_EQ(view.name_of(ip("fe80::ff:fe00:b")), "link-local");
  EXPECT_EQ(view.name_of(ip("ff02::16")), "multicast");
  EXPECT_EQ(view.name_of(ip("224.0.0.22")), "multicast");
  EXPECT_EQ(view.name_of(ip("::")), "(no address)");
  EXPECT_EQ(view.name_of(ip("0.0.0.0")), "(no address)");
}

TEST_F(LiveViewTest, WithoutAnInventoryAddressesAreTheirNames) {
  view.use(nullptr);
  EXPECT_EQ(view.name_of(ip("10.0.0.2")), "10.0.0.2");
  EXPECT_EQ(view.name_of(ip("fe80::ff:fe00:a")), "link-local");
}

TEST_F(LiveViewTest, FlowsHaveNamesAndFilters) {
  auto other = live_flow();
  other.client.source = ip("10.9.9.9");
  other.last = {5};
  const auto shown = [&](const FlowFilter& filter) { return view.flows({live_flow(), other}, filter).at("flows"); };
  ASSERT_EQ(shown({}).size(), 2U);
  EXPECT_EQ(shown({})[0].at("source"), "10.9.9.9") << "the most recent first";
  EXPECT_EQ(shown({}).at(1).at("source"), "shop/web");
  EXPECT_EQ(shown({.end = "shop/web"}).size(), 1U);
  EXPECT_EQ(shown({.end = "10.0.0.3"}).size(), 2U);
  EXPECT_EQ(shown({.app_protocol = "http"}).size(), 0U);
  EXPECT_EQ(shown({.alerted = true}).size(), 0U);
  EXPECT_EQ(view.flows({live_flow(), other}, {.limit = 1}).at("matched"), 2);
}

TEST_F(LiveViewTest, SubscribersHearUntilTheyGo) {
  int heard = 0;
  view.subscribe([&](const std::string& json) {
    EXPECT_EQ(Json::parse(json).at("event_type"), "drop");
    return ++heard < 2;
  });
  for (int i = 0; i < 5; ++i) view.take(denial());
  EXPECT_EQ(heard, 2);
}

}  // namespace
}  // namespace bulkhead::config
