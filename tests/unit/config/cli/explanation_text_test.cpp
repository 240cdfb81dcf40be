#include "config/cli/explanation_text.h"

#include <gtest/gtest.h>

namespace bulkhead::config::cli {
namespace {

TEST(ExplanationText, FillsLines) {
  EXPECT_EQ(filled("one two three four", 9, 2), "one two\n  three\n  four");
  EXPECT_EQ(filled("one\ntwo", 20, 2), "one two");
  EXPECT_EQ(filled("a-word-that-is-longer-than-it-may-be x", 8, 0), "a-word-that-is-longer-than-it-may-be\nx");
  EXPECT_EQ(filled("", 20, 2), "");
}

TEST(ExplanationText, ChineseCharactersAreTwoColumnsAndNoLineBeginsWithPunctuation) {
  EXPECT_EQ(filled("一二三四五", 6, 0), "一二三\n四五");
  EXPECT_EQ(filled("一二三，四", 6, 0), "一二\n三，四");
  EXPECT_EQ(filled("一二（三", 6, 0), "一二\n（三");
  EXPECT_EQ(filled("一二\n三四", 20, 0), "一二三四");
  EXPECT_EQ(filled("用 `bulkhead` 看", 20, 0), "用 `bulkhead` 看");
}

TEST(ExplanationText, APageForATerminalAndForAPipe) {
  const explanations::Page* page = explanations::find_page("scan");
  ASSERT_NE(page, nullptr);
  Terminal terminal;
  const std::string plain = page_text(*page, explanations::Language::kEnglish, terminal);
  EXPECT_NE(plain.find("(detector scan)\n  ATT&CK T1046  Network Service Discovery\n"), std::string::npos) << plain;
  EXPECT_NE(plain.find("\nWhat it is\n  A client"), std::string::npos) << plain;
  EXPECT_EQ(plain.find("```"), std::string::npos);
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  terminal.colour = true;
  const std::string coloured = page_text(*page, explanations::Language::kEnglish, terminal);
  EXPECT_EQ(coloured.find('`'), std::string::npos) << coloured;
}

TEST(ExplanationText, APageAsJson) {
  const explanations::Page* page = explanations::find_page("scan");
  ASSERT_NE(page, nullptr);
  const auto json = page_json(*page, explanations::Language::kChinese);
  EXPECT_EQ(json["kind"], "detector");
  EXPECT_EQ(json["language"], "zh");
  EXPECT_EQ(json["attack"][0]["id"], "T1046");
  EXPECT_TRUE(json["body"].get<std::string>().starts_with("## 它是什么"));
}

TEST(ExplanationText, OneLineForTheCodesOfARun) {
  const Terminal terminal;
  EXPECT_EQ(explain_line({}, terminal), "");
  EXPECT_EQ(explain_line({"yaml.unknown_key", "yaml.syntax"}, terminal),
            "explain: bulkhead explain yaml.unknown_key\n");
  EXPECT_EQ(explain_line({"yaml.syntax", "lint.shadowed", "lint.too_broad"}, terminal),
            "explain: bulkhead explain yaml.syntax; also lint.shadowed, lint.too_broad\n");
  EXPECT_EQ(
      explain_line({"yaml.syntax", "lint.shadowed", "lint.too_broad", "flow.columns", "intel.feed.size"}, terminal),
      "explain: bulkhead explain yaml.syntax; also lint.shadowed, lint.too_broad, flow.columns, ...\n");
  EXPECT_EQ(explain_line({"nobody.knows"}, terminal), "");
  EXPECT_EQ(explain_line({"edge", "scan"}, terminal, explanations::Kind::kDetector),
            "explain: bulkhead explain edge; also scan\n");
}

}  // namespace
}  // namespace bulkhead::config::cli
