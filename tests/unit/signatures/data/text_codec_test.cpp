#include "signatures/data/text_codec.h"

#include <gtest/gtest.h>

namespace bulkhead::signatures {
namespace {

TEST(TextCodec, Base64) {
  for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {std::string("\0\xff\x80", 3), "AP+A"}}) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  for (const char* bad : {"Zg", "Zg=", "Z===", "Zm9v!", "Zm 9v==", "=Zm9"}) EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(TextCodec, PrefixEndsAtTheFirstOtherByte) {
  std::string out = "x";
  EXPECT_EQ(decode_base64_prefix("Zm9vYg==Zm9v", out), 7U);
  EXPECT_EQ(out, "xfoobfoo");
  EXPECT_EQ(decode_base64_prefix("Zm9vYg", out), 4U);
  EXPECT_EQ(decode_base64_prefix("=Zm9", out), 0U);
  EXPECT_EQ(decode_base64_prefix("Zm9v YmFy", out), 3U);
  EXPECT_EQ(decode_base64_prefix("Zm8", out), 2U);  // no padding: what is there
  EXPECT_EQ(decode_base64_prefix("Z", out), 0U);
  EXPECT_EQ(decode_base64_prefix("", out), 0U);
}

TEST(TextCodec, Hex) {
  EXPECT_EQ(to_hex("\x01\xab"), "01ab");
  EXPECT_EQ(from_hex("01AB"), "\x01\xab");
  EXPECT_FALSE(from_hex("01a"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace bulkhead::signatures
