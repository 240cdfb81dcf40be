#include "datapath/app/http/http_text.h"

#include <gtest/gtest.h>

namespace bulkhead::app::http {
namespace {

using namespace std::string_view_literals;

TEST(HttpText, Words) {
  EXPECT_TRUE(same_word("Content-Type", "content-type"));
  EXPECT_FALSE(same_word("a", "ab"));
  EXPECT_TRUE(same_word_but_nul("con\0tent"sv, "content"));
  EXPECT_FALSE(same_word_but_nul("con\0ten"sv, "content"));
  EXPECT_TRUE(contains_word("x, ChuNked", "chunked"));
  EXPECT_FALSE(contains_word("chu\0nked"sv, "chunked"));
  EXPECT_TRUE(contains_word("chu\0nked"sv, "chunked", true));
}

TEST(HttpText, FirstNumber) {
  EXPECT_EQ(first_number(" x12y"), 12U);
  EXPECT_EQ(first_number("none"), std::nullopt);
  EXPECT_EQ(first_number("99999999999999999999"), std::nullopt);
}

TEST(HttpText, Hosts) {
  EXPECT_EQ(parse_host("Ab.Example.").host, "ab.example");
  EXPECT_EQ(parse_host("h:8080").port, 8080);
  EXPECT_FALSE(parse_host("h:x").port_valid);
  EXPECT_TRUE(parse_host("[::1]:80").valid);
  EXPECT_EQ(parse_host("[::1]:80").host, "[::1]");
  EXPECT_FALSE(parse_host("a b").valid);
  EXPECT_FALSE(parse_host("::1").valid);
}

}  // namespace
}  // namespace bulkhead::app::http
