#include "config/explanations/explanation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "config/explanations/page_texts.h"

namespace bulkhead::config::explanations {
namespace {

const char* const kBody =
    "## What it is\n\na\n\n## How the attack works\n\nb\n\n## How to fix it\n\nc\n\n## How to tune it\n\nd\n\n"
    "## What it does not see\n\ne\n";

TEST(Explanation, APageHasAHeadAndItsSections) {
  std::string why;
  const std::string text =
      std::string("title: Scans\nattack: T1046 Network Service Discovery\ncovers: a.* 7-9\n\n") + kBody;
  const auto page = read_page("detectors/scan.md", text, why);
  ASSERT_TRUE(page) << why;
  EXPECT_EQ(page->kind, Kind::kDetector);
  EXPECT_EQ(page->name, "scan");
  EXPECT_EQ(page->title, "Scans");
  ASSERT_EQ(page->attack.size(), 1U);
  EXPECT_EQ(page->attack[0].id, "T1046");
  EXPECT_EQ(page->attack[0].name, "Network Service Discovery");
  EXPECT_EQ(page->covers, (std::vector<std::string_view>{"a.*", "7-9"}));
  EXPECT_TRUE(page->body.starts_with("## What it is"));
}

TEST(Explanation, WhatIsNoPageSaysWhy) {
  std::string why;
  const auto wrong = [&](const char* file, const std::string& text) {
    EXPECT_FALSE(read_page(file, text, why)) << file << "\n" << text;
    return why;
  };
  EXPECT_NE(wrong("scan.md", "title: x\n\n").find("its name"), std::string::npos);
  EXPECT_NE(wrong("things/scan.md", "title: x\n\n").find("its name"), std::string::npos);
  EXPECT_NE(wrong("detectors/scan.md", std::string("\n") + kBody).find("no title"), std::string::npos);
  EXPECT_NE(wrong("detectors/scan.md", std::string("title: x\nwhat: y\n\n") + kBody).find("cannot read"),
            std::string::npos);
  EXPECT_NE(wrong("detectors/scan.md", "title: x\n\n## What it is\n").find("How the attack works\" is missing"),
            std::string::npos);
  EXPECT_NE(wrong("detectors/scan.md", std::string("title: x\n\n") + kBody + "## More\n").find("\"More\" is not there"),
            std::string::npos);
  EXPECT_NE(wrong("detectors/scan.zh.md", std::string("title: x\nattack: T1 y\n\n") + kBody).find("title alone"),
            std::string::npos);
  EXPECT_NE(wrong("diagnostics/a.md", std::string("title: x\n\n") + kBody).find("is not there"), std::string::npos);
}

TEST(Explanation, EveryFileOfTheTreeIsAPageAndTranslated) {
  std::set<std::string> english, chinese;
  for (const PageText& text : page_texts()) {
    std::string why;
    const auto page = read_page(text.file, text.text, why);
    ASSERT_TRUE(page) << why;
    const std::string name = std::string(to_string(page->kind)) + " " + std::string(page->name);
    (page->language == Language::kEnglish ? english : chinese).insert(name);
  }
  EXPECT_EQ(english, chinese);
  EXPECT_EQ(pages().size(), english.size());
  EXPECT_GT(english.size(), 50U);
}

TEST(Explanation, WordsLeadToPages) {
  const auto name = [](std::string_view word) {
    const Page* page = find_page(word);
    return page == nullptr ? std::string() : std::string(page->name);
  };
  EXPECT_EQ(name("scan"), "scan");
  EXPECT_EQ(name("6100000"), "control-plane");
  EXPECT_EQ(name("6100503"), "data-stores");
  EXPECT_EQ(name("6200000"), "");
  EXPECT_EQ(name("lint.policy.shadowed"), "lint-policy");
  EXPECT_EQ(name("lint.shadowed"), "lint-shadowed");
  EXPECT_EQ(name("signature.content.hex"), "rule-content");
  EXPECT_EQ(name("signature.something.new"), "rule-keyword");
  EXPECT_EQ(name("signature"), "signature");
  EXPECT_EQ(name("guard/arp-sender"), "guard-arp");
  EXPECT_EQ(name("guard/arp"), "");
  EXPECT_EQ(name("yaml"), "yaml");
  EXPECT_EQ(name(""), "");
  EXPECT_EQ(find_page("scan", Kind::kPack), nullptr);
}

TEST(Explanation, TheTranslationOfAPage) {
  const Page* page = find_page("scan");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(&in_language(*page, Language::kEnglish), page);
  const Page& chinese = in_language(*page, Language::kChinese);
  EXPECT_EQ(chinese.language, Language::kChinese);
  EXPECT_TRUE(chinese.body.starts_with("## 它是什么"));
}

TEST(Explanation, TheEnvironmentChoosesALanguage) {
  const auto with = [](const char* all, const char* messages, const char* lang) {
    ::setenv("LC_ALL", all, 1);
    ::setenv("LC_MESSAGES", messages, 1);
    ::setenv("LANG", lang, 1);
    return language_of_environment();
  };
  EXPECT_EQ(with("", "", ""), Language::kEnglish);
  EXPECT_EQ(with("", "", "zh_CN.UTF-8"), Language::kChinese);
  EXPECT_EQ(with("", "C", "zh_CN.UTF-8"), Language::kEnglish);
  EXPECT_EQ(with("zh_TW", "C", "C"), Language::kChinese);
}

}  // namespace
}  // namespace bulkhead::config::explanations
