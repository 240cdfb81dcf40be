#include "datapath/app/dns/dns_names.h"

#include <gtest/gtest.h>

namespace bulkhead::app::dns {
namespace {

TEST(DnsNames, TypesHaveANameOrTheirNumber) {
  EXPECT_EQ(rrtype_text(1), "A");
  EXPECT_EQ(rrtype_text(16), "TXT");
  EXPECT_EQ(rrtype_text(65), "HTTPS");
  EXPECT_EQ(rrtype_text(0), "0");
  EXPECT_EQ(rrtype_text(257), "257");
  EXPECT_EQ(rrtype_name(65535), "");
}

TEST(DnsNames, ResponseCodesHaveANameUpToTen) {
  EXPECT_EQ(rcode_text(0), "NOERROR");
  EXPECT_EQ(rcode_text(3), "NXDOMAIN");
  EXPECT_EQ(rcode_text(10), "NOTZONE");
  EXPECT_EQ(rcode_text(11), "11");
}

}  // namespace
}  // namespace bulkhead::app::dns
