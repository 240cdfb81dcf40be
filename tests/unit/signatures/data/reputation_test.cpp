#include "signatures/data/reputation.h"

#include <gtest/gtest.h>

namespace bulkhead::signatures {
namespace {

SourceFilePtr file(std::string text) {
  return std::make_shared<const SourceFile>("list", std::move(text));
}
IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

TEST(Reputation, HostsAndNetworks) {
  Diagnostics out;
  ReputationTable table;
  table.load_categories(file("# id,name,what\n1,Bad,Bad hosts\n2,Spam,Senders, of mail\n"), out);
  table.load_list(file("10.0.0.0/8,1,5\n10.1.0.0/16,1,50\n10.1.2.3,1,100\n10.1.2.3,2,7\n2001:db8::/32,1,9\n"), out);
  EXPECT_FALSE(out.has_errors());
  EXPECT_EQ(table.size(), 4U);
  EXPECT_EQ(table.category("Spam"), 2);
  EXPECT_FALSE(table.category("spam"));
  EXPECT_EQ(table.value(ip("10.1.2.3"), 1), 100);
  EXPECT_EQ(table.value(ip("10.1.2.4"), 1), 50);
  EXPECT_EQ(table.value(ip("10.2.0.0"), 1), 5);
  EXPECT_EQ(table.value(ip("10.1.2.3"), 2), 7);
  EXPECT_FALSE(table.value(ip("10.1.2.4"), 2));
  EXPECT_FALSE(table.value(ip("11.0.0.1"), 1));
  EXPECT_EQ(table.value(ip("2001:db8::1"), 1), 9);
}

// Measured with Suricata 7.0.10: a host of a list is known in every category, and its networks count no more.
TEST(Reputation, AHostHidesItsNetworks) {
  Diagnostics out;
  ReputationTable table;
  table.load_categories(file("1,Bad,x\n2,Spam,x\n"), out);
  table.load_list(file("10.1.0.0/16,1,50\n10.1.0.0/16,2,7\n10.1.2.3,1,9\n10.1.2.4/32,1,8\n"), out);
  EXPECT_EQ(table.value(ip("10.1.2.3"), 1), 9);
  EXPECT_EQ(table.value(ip("10.1.2.3"), 2), 0);
  EXPECT_EQ(table.value(ip("10.1.2.4"), 1), 8);  // written as a network
  EXPECT_EQ(table.value(ip("10.1.2.4"), 2), 7);
}

TEST(Reputation, BadLinesHaveAPlaceAndHideNothing) {
  Diagnostics out;
  ReputationTable table;
  table.load_categories(file("1,Bad,x\n0,Zero,x\n64,Much,x\n2\n3,,x\n"), out);
  EXPECT_EQ(out.error_count(), 4U);
  table.load_list(file("10.0.0.1,1,128\n10.0.0.2\nhost,1,1\n10.0.0.3,1,127\r\n"), out);
  EXPECT_EQ(out.error_count(), 4U);
  EXPECT_EQ(out.warning_count(), 3U);
  EXPECT_EQ(out.all().back().span.line, 3U);
  EXPECT_EQ(table.value(ip("10.0.0.3"), 1), 127);
}

}  // namespace
}  // namespace bulkhead::signatures
