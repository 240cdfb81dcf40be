#include "signatures/behaviour/facts.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <random>

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
  EXPECT_EQ(request_shape("GET", "/" + std::string(32, 'x')), "GET /" + std::string(32, 'x'));
  EXPECT_EQ(request_shape("GET", "?a=1"), "GET ");
  EXPECT_EQ(request_shape("GET", "/a//b/"), "GET /a//b/");
  const std::string all =
      "/" + std::string(32, 'a') + "/" + std::string(32, 'b') + "/" + std::string(32, 'c') + "/" + std::string(32, 'd');
  EXPECT_EQ(request_shape(std::string(40, 'M'), all + "/e"), std::string(16, 'M') + " " + all + "/...");
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
  EXPECT_EQ(code_in("../../`id`"), "../");
  EXPECT_EQ(code_in("`id` {{7*7}} ${a}"), "${");
  EXPECT_EQ(code_in("a$"), "");
  EXPECT_EQ(code_in("1..2 #1 100% <b>"), "");
}

TEST(Facts, CodeIsFoundAtAnyPlace) {
  std::uint32_t state = 1;
  const auto next = [&state](std::uint32_t below) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
  };
  std::size_t with = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text(next(70), 'a');
    for (char& c : text) c = "abcdefgh$#%{(<?!.`/"[next(i % 2 == 0 ? 19 : 10)];
    EXPECT_EQ(may_hold_code(text) && !code_in(text).empty(), !code_in(text).empty()) << text;
    with += code_in(text).empty() ? 0 : 1;
  }
  EXPECT_GT(with, 1000U);
  for (const char* code : {"${", "#{", "%{", "{{", "$(", "<%", "<?", "<!", "../", "`"}) {
    for (std::size_t at = 0; at < 40; ++at) {
      EXPECT_TRUE(may_hold_code(std::string(at, ' ') + code + std::string(40 - at, ' '))) << code << " at " << at;
      EXPECT_TRUE(may_hold_code(std::string(at, ' ') + code)) << code << " at the end, " << at;
    }
  }
  EXPECT_FALSE(
      may_hold_code("Host: shop\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nX: 1 < 2, 5 % of $3 {a}\r\n\r\n"));
}

TEST(Facts, TextIsCutAtTheSideThatSaysLess) {
  Observation seen;
  const std::string name = std::string(100, 'a') + ".evil.example";
  seen.set_text(name, true);
  EXPECT_EQ(seen.text().size(), Observation::kTextBytes);
  EXPECT_TRUE(seen.text().ends_with("a.evil.example"));
  EXPECT_EQ(seen.whole_size, name.size());
  EXPECT_EQ(seen.whole_hash(), text_hash(name));
  seen.set_text("GET /");
  EXPECT_EQ(seen.text(), "GET /");
  EXPECT_EQ(seen.whole_hash(), text_hash("GET /"));
}

TEST(Observation, IsPackedWithWhatItsKindHas) {
  Observation seen;
  seen.time = {5};
  seen.flow = 6;
  seen.client.destination_port = 443;
  seen.fact = FactKind::kVerb;
  seen.set_text("GET /");
  seen.address = seen.target = *IpAddress::parse("192.0.2.7");
  seen.turns = 9;
  seen.age = Nanoseconds(11);
  const auto packed = [&](Observation& out) {
    std::array<Byte, sizeof(Observation)> bytes{};
    const std::size_t size = seen.pack(bytes.data());
    out = {};
    out.set_text("what an earlier record left there");
    out.unpack(bytes.data());
    EXPECT_EQ(out.time, seen.time);
    EXPECT_EQ(out.flow, 6U);
    EXPECT_EQ(out.client.destination_port, 443);
    EXPECT_EQ(out.text(), seen.text());
    return size;
  };
  Observation out;
  seen.kind = ObservationKind::kFact;
  EXPECT_LT(packed(out), 100U);
  EXPECT_EQ(out.whole_hash(), text_hash("GET /"));
  EXPECT_NE(out.address, seen.address);
  EXPECT_EQ(out.turns, 0);
  seen.fact = FactKind::kAddressName;
  packed(out);
  EXPECT_EQ(out.address, seen.address);
  seen.fact = FactKind::kVerb;
  seen.kind = ObservationKind::kLink;
  packed(out);
  EXPECT_EQ(out.target, seen.target);
  seen.kind = ObservationKind::kMilestone;
  seen.set_text("");
  packed(out);
  EXPECT_EQ(out.turns, 9);
  EXPECT_EQ(out.age, seen.age);
  EXPECT_NE(out.target, seen.target);
  seen.kind = ObservationKind::kOpen;
  EXPECT_LT(packed(out), 90U);
  EXPECT_EQ(out.turns, 0);
}

TEST(Facts, Entropy) {
  std::vector<Byte> all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Byte>(i);
  EXPECT_EQ(entropy_sixteenths(all), 8 * 16);
  EXPECT_EQ(entropy_sixteenths(std::vector<Byte>(100, 7)), 0);
  EXPECT_EQ(entropy_sixteenths({}), 0);
}

TEST(Facts, EntropyIsThatOfTheFormula) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Byte> bytes(1 + random() % 400);
    const unsigned values = 1 + random() % 256;
    for (Byte& byte : bytes) byte = static_cast<Byte>(random() % values);
    const std::size_t size = std::min<std::size_t>(bytes.size(), 256);
    std::map<Byte, int> count;
    for (std::size_t i = 0; i < size; ++i) ++count[bytes[i]];
    double bits = 0;
    for (const auto& [byte, n] : count) bits -= n * std::log2(static_cast<double>(n) / static_cast<double>(size));
    const double sixteenths = 16 * bits / static_cast<double>(size);
    EXPECT_EQ(entropy_sixteenths(bytes), std::floor(sixteenths + 1e-5)) << sixteenths;
  }
}

TEST(Facts, AStatementWithoutItsShapeGetsItLater) {
  Observation told;
  told.fact = FactKind::kVerb;
  const std::string sql = "copy t to program 'id' " + std::string(Observation::kRawBytes - 23, ' ');
  ASSERT_EQ(sql.size(), Observation::kRawBytes);
  told.set_raw(TextForm::kStatement, {}, sql);
  std::array<Byte, sizeof(Observation)> bytes{};
  told.pack(bytes.data());
  Observation read;
  read.unpack(bytes.data());
  finish_text(read);
  EXPECT_EQ(read.text(), statement_shape(sql));
  EXPECT_EQ(read.text(), "COPY TO PROGRAM");
  finish_text(read);
  EXPECT_EQ(read.text(), "COPY TO PROGRAM") << "what is done stays";
}

}  // namespace
}  // namespace bulkhead::behaviour
