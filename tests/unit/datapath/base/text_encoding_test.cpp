#include "datapath/base/text_encoding.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

using namespace std::string_view_literals;

TEST(TextEncoding, Utf8IsJudgedAsRfc3629Says) {
  for (const auto good :
       {""sv, "plain ascii of some length"sv, "\0"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
        "\xee\x80\x80"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv, "12345678\xc3\xa9"sv}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const auto bad : {"\x80"sv, "\xc0\xaf"sv, "\xc1\xbf"sv, "\xc2"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv,
                         "\xe2\x82"sv, "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv,
                         "12345678\xe2\x28\xa1"sv, "\xf0\x90\x80"sv}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(TextEncoding, EscapesKeepEveryByte) {
  std::string out = ">";
  append_escaped(out, "a \x01\x7f\xff~"sv);
  EXPECT_EQ(out, ">a \\x01\\x7f\\xff~");
}

TEST(TextEncoding, PrintableKeepsLineEndsAndDotsTheRest) {
  std::string out;
  append_printable(out, "a\tb\r\n\x1f\x7f\x80\0~ "sv);
  EXPECT_EQ(out, "a.b\r\n....~ ");
}

TEST(TextEncoding, Base64OfRfc4648) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xff\xfe\xfd", "//79"}};
  for (const auto& [plain, coded] : cases) {
    std::string out = "x";
    append_base64(out, plain);
    EXPECT_EQ(out, "x" + std::string(coded));
  }
}

TEST(TextEncoding, AddressesAreWrittenInFull) {
  for (const auto* text :
       {"0.0.0.0", "255.255.255.255", "10.1.22.133", "::", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const IpAddress address = *IpAddress::parse(text);
    EXPECT_EQ(AddressText(address).view(), address.to_eve_string());
  }
  EXPECT_EQ(AddressText(IpAddress{}).view(), "");
}

}  // namespace
}  // namespace bulkhead
