#include "rules/classify/flow_edges.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

constexpr std::uint8_t kSynAck = decode::tcp_flag::kSyn | decode::tcp_flag::kAck;

flow::Flow flow_at(std::int64_t seconds, std::uint8_t server_flags, std::uint64_t server_packets) {
  flow::Flow out;
  out.start = out.last = Timestamp{seconds * 1'000'000'000};
  out.counts[0] = {3, 200, decode::tcp_flag::kSyn};
  out.counts[1] = {server_packets, server_packets * 100, server_flags};
  return out;
}

FlowQuery query(std::uint8_t protocol = ip_proto::kTcp) {
  FlowQuery out{{*IpAddress::parse("10.0.0.2"), *IpAddress::parse("10.0.0.3"), 40000, 80, protocol}};
  if (out.is_icmp()) out.icmp_type = 8;
  return out;
}

TEST(FlowEdges, OutcomesAndWindows) {
  FlowEdgeTable table;
  table.add(query(), flow_at(0, kSynAck, 4));
  table.add(query(), flow_at(9, kSynAck | decode::tcp_flag::kRst, 4));
  table.add(query(), flow_at(10, decode::tcp_flag::kRst | decode::tcp_flag::kAck, 1));
  table.add(query(), flow_at(35, 0, 0));
  ASSERT_EQ(table.edges().size(), 1U);
  const auto& [edge, outcome] = *table.edges().begin();
  EXPECT_EQ(edge.key, 80);
  EXPECT_EQ(outcome.flows, 4U);
  EXPECT_EQ(outcome.answered, 2U) << "one of them ended with a reset";
  EXPECT_EQ(outcome.refused, 1U);
  EXPECT_EQ(outcome.windows, (std::vector<std::int64_t>{0, 1, 3}));
  EXPECT_EQ(outcome.last.seconds(), 35);
  EXPECT_EQ(edge.query().tuple.destination_port, 80);
}

TEST(FlowEdges, SourcePortsAreOneEdgeAndIcmpGoesByType) {
  FlowEdgeTable table;
  for (std::uint16_t port = 1; port <= 9; ++port) {
    FlowQuery q = query();
    q.tuple.source_port = port;
    table.add(q, flow_at(0, kSynAck, 1));
  }
  table.add(query(ip_proto::kIcmp), flow_at(0, 0, 1));
  ASSERT_EQ(table.edges().size(), 2U);
  const FlowEdge& ping = table.edges().begin()->first;
  EXPECT_EQ(ping.query().icmp_type, 8);
  EXPECT_EQ(table.edges().begin()->second.answered, 1U);
  EXPECT_EQ(table.lost(), 0U);
}

}  // namespace
}  // namespace bulkhead::rules
