#include "datapath/app/mime/url_finder.h"

#include <gtest/gtest.h>

#include "datapath/app/text.h"

namespace bulkhead::app::mime {
namespace {

using List = std::vector<std::string>;

List urls(std::initializer_list<std::string_view> pieces, const MimeSettings& settings = {}) {
  UrlFinder finder;
  for (const auto piece : pieces) finder.write(bytes_of(piece), settings);
  finder.finish(settings);
  return finder.urls();
}

TEST(UrlFinder, ThoseOfTheSchemesAskedForInLowerCase) {
  EXPECT_EQ(urls({"see HTTP://Up.example/X. <http://a/b>\"http://c\" http://\nhttp://c"}),
            (List{"up.example/x.", "a/b", "c"}));
  MimeSettings settings;
  settings.schemes = {"https", "ftp", "mailto"};
  settings.log_scheme = true;
  EXPECT_EQ(urls({"http://no https://yes ftp://f mailto:a@b"}, settings),
            (List{"https://yes", "ftp://f", "mailto:a@b"}));
}

TEST(UrlFinder, PiecesOfALineAreOneLine) {
  EXPECT_EQ(urls({"ht", "tp:/", "/a/b", "c\nd"}), (List{"a/bc"}));
  EXPECT_EQ(urls({"http\n://a"}), List{});
}

TEST(UrlFinder, KeepsABoundedNumber) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "http://h" + std::to_string(i) + "\n";
  EXPECT_EQ(urls({text}).size(), 256U);
}

TEST(UrlFinder, WhatUrlsName) {
  EXPECT_TRUE(names_program("a/b.exe?q"));
  EXPECT_FALSE(names_program("a/b.exec"));
  EXPECT_TRUE(has_ipv4_host("10.1.2.3:80/a"));
  EXPECT_TRUE(has_ipv4_host("ftp://10.1.2.3"));
  EXPECT_FALSE(has_ipv4_host("10.1.2.300"));
  EXPECT_FALSE(has_ipv4_host("1.2.3"));
  EXPECT_TRUE(has_ipv6_host("[2001:db8::1"));
  EXPECT_FALSE(has_ipv6_host("a:80/"));
}

}  // namespace
}  // namespace bulkhead::app::mime
