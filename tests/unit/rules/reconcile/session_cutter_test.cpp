#include "rules/reconcile/session_cutter.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

Connection connection(const char* from, std::uint16_t from_port, const char* to, std::uint16_t to_port) {
  static Byte number = 0;
  Connection c;
  c.flow = {*IpAddress::parse(from), *IpAddress::parse(to), from_port, to_port, ip_proto::kTcp};
  c.tuple = {++number};
  return c;
}

// Refuses what goes to port 80 of 10.0.0.2.
bool to_the_server(const FlowQuery& query) {
  return query.tuple.destination == *IpAddress::parse("10.0.0.2") && query.tuple.destination_port == 80;
}

TEST(SessionCutter, CutsWhatIsRefusedAndWhatBelongsToIt) {
  const Connection refused = connection("10.0.0.1", 40000, "10.0.0.2", 80);
  const Connection kept = connection("10.0.0.1", 40001, "10.0.0.2", 81);
  Connection child = connection("10.0.0.2", 20, "10.0.0.1", 40005);
  child.master = refused.tuple;
  Connection other_child = child;
  other_child.master = kept.tuple;
  const auto cut = refused_connections({child, refused, kept, other_child}, to_the_server);
  ASSERT_EQ(cut.size(), 2U);
  EXPECT_EQ(cut[0].tuple, refused.tuple);
  EXPECT_EQ(cut[1].master, refused.tuple);
}

TEST(SessionCutter, AConnectionJoinedLateIsAlsoJudgedTheOtherWayRound) {
  Connection answer = connection("10.0.0.2", 80, "10.0.0.1", 40000);
  EXPECT_TRUE(refused_connections({answer}, to_the_server).empty()) << "its opening was seen: the server opened it";
  answer.picked_up = true;
  EXPECT_EQ(refused_connections({answer}, to_the_server).size(), 1U);
  Connection between_servers = connection("10.0.0.2", 80, "10.0.0.1", 179);
  between_servers.picked_up = true;
  EXPECT_TRUE(refused_connections({between_servers}, to_the_server).empty()) << "no client's port";
}

TEST(SessionCutter, ConnectionsToOneselfWentThroughAService) {
  bool asked = false;
  const auto cut = refused_connections({connection("10.0.0.2", 40000, "10.0.0.2", 80)}, [&](const FlowQuery& query) {
    asked = true;
    return query.through_service;
  });
  EXPECT_TRUE(asked);
  EXPECT_EQ(cut.size(), 1U);
}

TEST(SessionCutter, ReadsFollowedFlows) {
  NftElement element;
  element.key = {10, 0, 0, 1, 10, 0, 0, 2, 6, 0, 0, 0, 0x9c, 0x40, 0, 0, 0, 80, 0, 0};
  const auto tcp = flow_of_element(IpFamily::kV4, element);
  ASSERT_TRUE(tcp);
  EXPECT_TRUE(to_the_server(*tcp));
  EXPECT_EQ(tcp->tuple.source_port, 40000);
  element.key[8] = ip_proto::kIcmp;
  const auto echo = flow_of_element(IpFamily::kV4, element);
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->icmp_type, 8);
  EXPECT_FALSE(flow_of_element(IpFamily::kV6, element)) << "another length";
}

}  // namespace
}  // namespace bulkhead::rules
