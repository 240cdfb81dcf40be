#include "datapath/app/dhcp/dhcp_parser.h"

#include <gtest/gtest.h>

#include "datapath/app/dhcp/dhcp_transaction.h"
#include "datapath/app/protocol_table.h"
#include "tests/support/dhcp_maker.h"

namespace bulkhead::app::dhcp {
namespace {

using test::dhcp_message;
using test::dhcp_option;
using test::kDhcpEnd;

ByteSpan span_of(const std::string& bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}

const std::string kAck =
    dhcp_message({.op = 2,
                  .addresses = std::string("\0\0\0\0\x0a\0\0\x05\x0a\0\0\1\0\0\0\0", 16),
                  .options = dhcp_option(53, "\5") + dhcp_option(51, std::string("\0\0\x0e\x10", 4)) +
                             dhcp_option(3, std::string("\x0a\0\0\1", 4)) + dhcp_option(12, "h\xff") +
                             dhcp_option(55, "\1\2\x96") + dhcp_option(61, "\1\2\xab") + kDhcpEnd});
const std::string kDiscover = dhcp_message({.options = dhcp_option(53, "\1")});

std::vector<EveRecord> records(const Transaction& tx, bool extended) {
  EveOptions options;
  options.dhcp.extended = extended;
  std::vector<EveRecord> out;
  tx.write_records(out, options);
  return out;
}

TEST(DhcpParser, EachMessageIsATransaction) {
  DhcpParser parser;
  parser.parse(Direction::kToServer, span_of(kDiscover), {});
  parser.parse(Direction::kToClient, span_of(kAck), {});
  parser.parse(Direction::kToClient, span_of("too short"), {});
  ASSERT_EQ(parser.transactions().size(), 2U);
  const Transaction& discover = *parser.transactions()[0];
  const Transaction& ack = *parser.transactions()[1];
  EXPECT_TRUE(discover.inspected[1]);
  EXPECT_TRUE(ack.inspected[0]);
  EXPECT_EQ(discover.events, std::vector<std::uint8_t>{static_cast<std::uint8_t>(DhcpEvent::truncated_options)});
  EXPECT_TRUE(ack.events.empty());
  EXPECT_TRUE(records(discover, false).empty());
  ASSERT_EQ(records(ack, false).size(), 1U);
  EXPECT_TRUE(records(ack, false)[0].as_sent);
  EXPECT_EQ(
      records(ack, false)[0].fields.at(0).second,
      R"({"type":"reply","id":287454020,"client_mac":"02:00:00:00:00:01","assigned_ip":"10.0.0.5","dhcp_type":"ack"})");
  EXPECT_EQ(records(ack, true)[0].fields.at(0).second,
            R"({"type":"reply","id":287454020,"client_mac":"02:00:00:00:00:01","assigned_ip":"10.0.0.5",)"
            R"("client_ip":"0.0.0.0","relay_ip":"0.0.0.0","next_server_ip":"10.0.0.1","dhcp_type":"ack",)"
            R"("hostname":"h\\xff","params":["subnet_mask","tftp_server_ip"],"client_id":"02:ab","lease_time":3600,)"
            R"("routers":["10.0.0.1"]})");
}

TEST(DhcpParser, RulesSeeTheTimes) {
  DhcpParser parser;
  parser.parse(Direction::kToClient, span_of(kAck), {});
  const NumberEntry* lease = find_number("dhcp.leasetime");
  ASSERT_NE(lease, nullptr);
  std::uint64_t seconds = 0;
  EXPECT_TRUE(lease->def->get(*parser.transactions()[0], Direction::kToClient, 0, seconds));
  EXPECT_EQ(seconds, 3600U);
  EXPECT_FALSE(find_number("dhcp.renewal_time")->def->get(*parser.transactions()[0], Direction::kToClient, 0, seconds));
}

TEST(DhcpProbe, ByPortOrByCookie) {
  const auto probe = [](const std::string& bytes, std::uint16_t port) {
    return probe_datagram({Direction::kToServer, span_of(bytes), 4000, port});
  };
  EXPECT_EQ(probe(kAck, 67), Probe::kYes);
  EXPECT_EQ(probe(kAck, 6767), Probe::kYes);
  const std::string bootp = dhcp_message({.cookie = std::string(4, '\0')});
  EXPECT_EQ(probe(bootp, 67), Probe::kYes);
  EXPECT_EQ(probe(bootp, 6767), Probe::kNo);
  const std::string odd = dhcp_message({.op = 3});
  EXPECT_EQ(probe(odd, 67), Probe::kYes);
  EXPECT_EQ(probe(odd, 6767), Probe::kNo);
  EXPECT_EQ(probe(kAck.substr(0, 239), 67), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::dhcp
