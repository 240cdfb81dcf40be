#include "datapath/app/dhcp/dhcp_message.h"

#include <gtest/gtest.h>

#include "tests/support/dhcp_maker.h"

namespace bulkhead::app::dhcp {
namespace {

using test::dhcp_message;
using test::dhcp_option;
using test::kDhcpEnd;

const std::string kDiscover = dhcp_option(53, "\1");

struct Read {
  explicit Read(const std::string& bytes)
      : good(read_message({reinterpret_cast<const Byte*>(bytes.data()), bytes.size()}, message)) {}
  Message message;
  bool good;
};
Read read_options(const std::string& options) {
  return Read(dhcp_message({.options = options}));
}

TEST(DhcpMessage, TheFixedPart) {
  const Read r(dhcp_message(
      {.op = 2, .addresses = std::string("\1\0\0\1\2\0\0\2\3\0\0\3\4\0\0\4", 16), .options = kDiscover + kDhcpEnd}));
  ASSERT_TRUE(r.good);
  EXPECT_EQ(r.message.op, op::kReply);
  EXPECT_EQ(r.message.transaction, 0x11223344U);
  EXPECT_EQ(r.message.client, IpAddress::v4(0x01000001));
  EXPECT_EQ(r.message.assigned, IpAddress::v4(0x02000002));
  EXPECT_EQ(r.message.next_server, IpAddress::v4(0x03000003));
  EXPECT_EQ(r.message.relay, IpAddress::v4(0x04000004));
  EXPECT_EQ(r.message.hardware_address, std::string("\2\0\0\0\0\1", 6));
  EXPECT_TRUE(r.message.has_cookie);
  EXPECT_EQ(r.message.type, 1);
  EXPECT_FALSE(r.message.truncated_options || r.message.malformed_options);
  EXPECT_FALSE(Read(dhcp_message({}).substr(0, kOptionsAt - 1)).good);
  EXPECT_EQ(Read(dhcp_message({.hardware_length = 200})).message.hardware_address.size(), 16U);
  EXPECT_EQ(Read(dhcp_message({.hardware_length = 0})).message.hardware_address, "");
  EXPECT_FALSE(Read(dhcp_message({.cookie = "abcd"})).message.has_cookie);
}

TEST(DhcpMessage, OptionsOfEveryKind) {
  const Read r =
      read_options(std::string(2, '\0') + dhcp_option(53, "\2") + dhcp_option(51, std::string("\0\0\1\0", 4)) +
                   dhcp_option(58, std::string("\0\0\0\2", 4)) + dhcp_option(59, std::string("\0\0\0\3", 4)) +
                   dhcp_option(1, std::string("\xff\xff\0\0", 4)) + dhcp_option(3, "\1\2\3\4\5\6\7\x08\x09") +
                   dhcp_option(6, "\1\1\1\1") + dhcp_option(50, "\7\7\7\7") + dhcp_option(12, "host") +
                   dhcp_option(55, "\1\3") + dhcp_option(60, "MSFT 5.0") + dhcp_option(61, "\1abc") +
                   dhcp_option(200, "ignored") + kDhcpEnd + dhcp_option(12, "behind the end"));
  const Message& m = r.message;
  EXPECT_EQ(m.type, 2);
  EXPECT_EQ(m.lease_time, 256U);
  EXPECT_EQ(m.renewal_time, 2U);
  EXPECT_EQ(m.rebinding_time, 3U);
  EXPECT_EQ(m.subnet_mask, "255.255.0.0");
  ASSERT_TRUE(m.routers);
  EXPECT_EQ(m.routers->size(), 2U);
  EXPECT_EQ(m.dns_servers->at(0), IpAddress::v4(0x01010101));
  EXPECT_EQ(m.requested, IpAddress::v4(0x07070707));
  EXPECT_EQ(m.host_name, "host");
  EXPECT_EQ(m.parameters, "\1\3");
  EXPECT_EQ(m.vendor_class, "MSFT 5.0");
  EXPECT_EQ(m.client_id, "abc");
  EXPECT_FALSE(m.truncated_options || m.malformed_options);
}

TEST(DhcpMessage, OptionsThatEndTooEarly) {
  const std::string ends[] = {"",
                              kDiscover,
                              kDiscover + "\x0c",
                              kDiscover + "\x0c\x0a" + "hos",
                              kDiscover + dhcp_option(51, "ab") + kDhcpEnd,
                              kDiscover + dhcp_option(61, "\1") + kDhcpEnd};
  for (const std::string& options : ends) {
    const Read r = read_options(options);
    EXPECT_TRUE(r.good);
    EXPECT_TRUE(r.message.truncated_options) << options.size();
    EXPECT_FALSE(r.message.malformed_options);
    EXPECT_EQ(r.message.type.has_value(), !options.empty());
  }
}

TEST(DhcpMessage, ANumberOfTooManyBytesIsReadAndMalformed) {
  const Read r = read_options(dhcp_option(51, std::string("\0\0\0\7x", 5)) + kDiscover + kDhcpEnd);
  EXPECT_EQ(r.message.lease_time, 7U);
  EXPECT_EQ(r.message.type, 1);
  EXPECT_TRUE(r.message.malformed_options);
  EXPECT_FALSE(r.message.truncated_options);
}

TEST(DhcpMessage, OptionsRunOnInTheFieldsForNames) {
  const Read r(dhcp_message({.server_name = dhcp_option(12, "in sname") + kDhcpEnd,
                             .file = dhcp_option(60, "in file") + kDhcpEnd,
                             .options = kDiscover + dhcp_option(52, "\3") + kDhcpEnd}));
  EXPECT_EQ(r.message.host_name, "in sname");
  EXPECT_EQ(r.message.vendor_class, "in file");
  EXPECT_FALSE(r.message.truncated_options);
  const Read bad(dhcp_message({.file = "x", .options = kDiscover + dhcp_option(52, "\1") + kDhcpEnd}));
  EXPECT_TRUE(bad.message.truncated_options);
}

}  // namespace
}  // namespace bulkhead::app::dhcp
