#include "rules/discovery/flow_request.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

Inventory world() {
  Inventory out;
  Workload web;
  web.name = "web";
  web.name_space = "shop";
  web.addresses = {*IpAddress::parse("10.0.0.2"), *IpAddress::parse("fd00::2")};
  web.ports = {{"http", 6, 8080}};
  Workload db = web;
  db.name = "db";
  db.addresses = {*IpAddress::parse("10.0.0.3")};
  db.ports = {{"http", 6, 9090}, {"http", 17, 1}};
  EXPECT_FALSE(out.add_workload(web) || out.add_workload(db));
  EXPECT_FALSE(out.add_node({"n1", {}, {*IpAddress::parse("10.0.1.1")}, {}}));
  EXPECT_FALSE(out.add_external({"dns", {*IpAddress::parse("192.0.2.53")}, {}, {}}));
  Service service{
      "s", "shop", {*IpAddress::parse("10.96.0.1")}, {{6, 80, 0, "http"}, {6, 81, 7, ""}}, {"shop/web", "shop/db"}, {}};
  EXPECT_FALSE(out.add_service(service));
  EXPECT_TRUE(out.add_service(service)) << "twice";
  return out;
}

// "10.0.0.2>10.0.0.3:80" for each flow, with * through a service.
std::string flows(const Inventory& inventory, const std::string& from, const std::string& to, std::uint16_t port,
                  IpFamily family = IpFamily::kV4) {
  FlowRequest request{from, to, family, 6, port};
  const auto found = requested_flows(inventory, request);
  if (const auto* wrong = std::get_if<TextProblem>(&found)) return wrong->code + " " + wrong->hint;
  std::string out;
  for (const RequestedFlow& flow : std::get<std::vector<RequestedFlow>>(found)) {
    out += (out.empty() ? "" : " ") + flow.tuple.source.to_string() + ">" + flow.tuple.destination.to_string() + ":" +
           std::to_string(flow.tuple.destination_port) + (flow.through_service ? "*" : "");
  }
  return out;
}

TEST(FlowRequest, EndsByName) {
  const Inventory inventory = world();
  EXPECT_EQ(flows(inventory, "shop/web", "shop/db", 5), "10.0.0.2>10.0.0.3:5");
  EXPECT_EQ(flows(inventory, "node:n1", "ext:dns", 5), "10.0.1.1>192.0.2.53:5");
  EXPECT_EQ(flows(inventory, "198.51.100.7", "web", 5), "198.51.100.7>10.0.0.2:5");
  EXPECT_EQ(flows(inventory, "shop/web", "shop/db", 5, IpFamily::kV6), "") << "db has no IPv6";
  EXPECT_EQ(flows(inventory, "shop/wbe", "shop/db", 5), "flow.unknown_end did you mean \"shop/web\"?");
}

TEST(FlowRequest, ServicesAreWhatIsBehindThem) {
  const Inventory inventory = world();
  EXPECT_EQ(flows(inventory, "ext:dns", "svc:shop/s", 80), "192.0.2.53>10.0.0.2:8080* 192.0.2.53>10.0.0.3:9090*");
  EXPECT_EQ(flows(inventory, "shop/web", "svc:shop/s", 81), "10.0.0.2>10.0.0.2:7* 10.0.0.2>10.0.0.3:7*")
      << "itself too";
  EXPECT_EQ(flows(inventory, "shop/web", "svc:shop/s", 82), "10.0.0.2>10.96.0.1:82") << "a port it does not serve";
  EXPECT_EQ(flows(inventory, "shop/web", "svc:shop/s", 80, IpFamily::kV6), "fd00::2>fd00::2:8080*");
}

TEST(FlowRequest, Words) {
  FlowRequest request;
  EXPECT_FALSE(read_flow_words("6", "icmp", "128.1", request));
  EXPECT_EQ(request.protocol, ip_proto::kIcmpv6);
  EXPECT_EQ(request.icmp_type, 128);
  EXPECT_EQ(request.icmp_code, 1);
  EXPECT_FALSE(read_flow_words("4", "SCTP", "65535", request));
  EXPECT_EQ(request.port, 65535);
  EXPECT_FALSE(read_flow_words("4", "47", "", request));
  EXPECT_EQ(read_flow_words("5", "tcp", "1", request)->code, "flow.bad_family");
  EXPECT_EQ(read_flow_words("4", "tpc", "1", request)->code, "flow.bad_protocol");
  EXPECT_EQ(read_flow_words("4", "tcp", "65536", request)->code, "flow.bad_port");
  EXPECT_EQ(read_flow_words("4", "tcp", "", request)->code, "flow.bad_port");
  EXPECT_EQ(read_flow_words("4", "icmp", "256", request)->code, "flow.bad_port");
}

}  // namespace
}  // namespace bulkhead::rules
