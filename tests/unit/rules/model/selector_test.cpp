#include "rules/model/selector.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

Workload workload() {
  Workload w;
  w.name = "web-1";
  w.name_space = "shop";
  w.node = "n1";
  w.labels = {{"app", "web"}, {"empty", ""}, {"app.example/role", "front"}};
  w.namespace_labels = {{"team", "red"}};
  return w;
}

bool matches(const std::string& text, const Workload& w = workload()) {
  const auto parsed = parse_selector(text);
  if (const auto* wrong = std::get_if<TextProblem>(&parsed)) {
    ADD_FAILURE() << text << ": " << wrong->message;
    return false;
  }
  return std::get<Selector>(parsed).matches(w);
}

TEST(Selector, Words) {
  for (const char* yes : {"any", "pods", "app=web", "app!=db", "app in (db, web)", "app not in (db, api)", "has app",
                          "!has tier", "ns=shop", "ns!=test", "ns in (a, shop)", "ns.team=red", "node=n1", "pod=web-1",
                          "pod!=web-2", "ns=shop app=web has empty", "app.example/role=front", "  app=web  "}) {
    EXPECT_TRUE(matches(yes)) << yes;
  }
  for (const char* no : {"app=db", "app!=web", "app in (db)", "app not in (web)", "has tier", "!has app", "ns=test",
                         "ns.team=blue", "node=n2", "pod=web", "ns=shop app=db", "app=web !has empty"}) {
    EXPECT_FALSE(matches(no)) << no;
  }
}

TEST(Selector, MissingKeysAsKubernetesReadsThem) {
  EXPECT_TRUE(matches("tier!=x")) << "!= matches without the key";
  EXPECT_TRUE(matches("tier not in (x, y)"));
  EXPECT_FALSE(matches("tier=")) << "the empty value is not a missing key";
  EXPECT_FALSE(matches("tier in (x)"));
  EXPECT_TRUE(matches("empty="));
  EXPECT_TRUE(matches("has empty"));
  EXPECT_FALSE(matches("app="));
  EXPECT_TRUE(matches("empty= app=web")) << "a value touches its =";
  Workload no_node = workload();
  no_node.node.clear();
  EXPECT_TRUE(matches("node!=n1", no_node));
  EXPECT_FALSE(matches("node=n1", no_node));
}

TEST(Selector, HostNetworkIsNeverSelected) {
  Workload w = workload();
  w.host_network = true;
  EXPECT_FALSE(matches("any", w));
  EXPECT_FALSE(matches("app=web", w));
}

TEST(Selector, OneSpelling) {
  for (const auto& [text, want] : {std::pair{"app in (web)", "app=web"},
                                   {"app  not in ( a,b )", "app not in (a, b)"},
                                   {"any", "pods"},
                                   {"!has x ns.team!=red", "!has x ns.team!=red"},
                                   {"has y", "has y"}}) {
    const auto parsed = parse_selector(text);
    ASSERT_TRUE(std::holds_alternative<Selector>(parsed)) << text;
    const std::string printed = std::get<Selector>(parsed).to_string();
    EXPECT_EQ(printed, want);
    const auto again = parse_selector(printed);
    ASSERT_TRUE(std::holds_alternative<Selector>(again));
    EXPECT_EQ(std::get<Selector>(again), std::get<Selector>(parsed));
  }
}

TEST(Selector, WrongTextHasAPlace) {
  for (const auto& [text, offset] : {std::pair{"", 0},
                                     {"app", 3},
                                     {"app web", 4},
                                     {"app in web", 7},
                                     {"app in (web", 11},
                                     {"app in (,)", 8},
                                     {"!app", 1},
                                     {"has", 3},
                                     {"=x", 0},
                                     {"any app=web", 4},
                                     {"app=web set=blue", 8},
                                     {"ns.=x", 3},
                                     {"app not web", 8}}) {
    const auto parsed = parse_selector(text);
    const auto* wrong = std::get_if<TextProblem>(&parsed);
    ASSERT_NE(wrong, nullptr) << text;
    EXPECT_EQ(wrong->offset, static_cast<std::size_t>(offset)) << text << ": " << wrong->message;
    EXPECT_TRUE(wrong->code.starts_with("policy.selector.")) << text;
  }
}

}  // namespace
}  // namespace bulkhead::rules
