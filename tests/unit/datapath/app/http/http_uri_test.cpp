#include "datapath/app/http/http_uri.h"

#include <gtest/gtest.h>

namespace bulkhead::app::http {
namespace {

std::string normal(std::string_view target, const HttpSettings& settings = {}) {
  return normalise(split_uri(target), settings).text;
}

// What the reference engine showed for each.
TEST(HttpUri, AsTheReferenceNormalises) {
  EXPECT_EQ(normal("/a/./b/../c//d\\e?Q=%41%zz&x=1+2#Frag%41"), "/a/c/d/e?Q=A%zz&x=1+2#FragA");
  EXPECT_EQ(normal("http://User:Pw@Host.COM.:8080/%41%2f%5c%u0041?a%3db"), "/A/A?a=b");
  EXPECT_EQ(normal("/../../x/.//y/.."), "/x");
  EXPECT_EQ(normal("foo/bar"), "foo/bar");
  EXPECT_EQ(normal("/a%"), "/a%");
  EXPECT_EQ(normal("/a%4"), "/a%4");
  EXPECT_EQ(normal("/a%2541?b%2541"), "/a%41?b%41");
  EXPECT_EQ(normal("*"), "*");
  EXPECT_EQ(normal("/a/b/.."), "/a");
  EXPECT_EQ(normal("/a/b/."), "/a/b");
  EXPECT_EQ(normal("//x//y"), "/x/y");
  EXPECT_EQ(normal("?abc"), "?abc");
  EXPECT_EQ(normal("/\xc3\xa9%ff?\xc3%e9"), "/\xe9??\xc3\xe9");
}

TEST(HttpUri, DoubleEncodingIsToldAndUndoneWhenAsked) {
  EXPECT_TRUE(normalise(split_uri("/a%2541"), {}).double_encoded);
  EXPECT_FALSE(normalise(split_uri("/a%41"), {}).double_encoded);
  HttpSettings twice;
  twice.double_decode_path = twice.double_decode_query = true;
  EXPECT_EQ(normal("/a%2541?b%2541", twice), "/aA?bA");
}

TEST(HttpUri, Parts) {
  const UriParts parts = split_uri("http://u:p@h:1/p?q#f");
  EXPECT_EQ(parts.scheme, "http");
  EXPECT_EQ(parts.authority, "h:1");
  EXPECT_EQ(parts.path, "/p");
  EXPECT_EQ(parts.query, "q");
  EXPECT_EQ(parts.fragment, "f");
  EXPECT_FALSE(split_uri("/a?b=http://x").has_authority);
}

}  // namespace
}  // namespace bulkhead::app::http
