#include "signatures/language/classification.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::signatures {
namespace {

struct Parsed {
  Diagnostics out;
  ClassificationTable table;
  explicit Parsed(std::string text)
      : table(parse_classifications(std::make_shared<const SourceFile>("c.config", std::move(text)), out)) {}
  [[nodiscard]] std::string place() const {
    if (out.all().empty()) return "";
    const Diagnostic& d = out.all().front();
    return d.code + "@" + std::to_string(d.span.line) + ":" + std::to_string(d.span.column) + "+" +
           std::to_string(d.span.length);
  }
};

TEST(Classification, ReadsLines) {
  const Parsed p(
      "# comment\n\nconfig classification: Bad-Unknown,Potentially Bad, very bad Traffic, 2 \r\n"
      "config classification:trojan-activity , A Trojan,1\n");
  EXPECT_EQ(p.place(), "");
  ASSERT_EQ(p.table.size(), 2U);
  const Classification* bad = p.table.find("bad-UNKNOWN");
  ASSERT_NE(bad, nullptr);
  EXPECT_EQ(bad->description, "Potentially Bad, very bad Traffic");
  EXPECT_EQ(bad->priority, 2);
  EXPECT_EQ(bad->span.line, 3U);
  EXPECT_EQ(p.table.find("trojan-activity")->description, "A Trojan");
  EXPECT_EQ(p.table.find("none"), nullptr);
}

TEST(Classification, TheFirstOfTwoCounts) {
  const Parsed p("config classification: a,One,1\nconfig classification: A,Two,2\n");
  EXPECT_EQ(p.place(), "signature.classification.duplicate@2:1+30");
  EXPECT_FALSE(p.out.has_errors());
  EXPECT_EQ(p.table.find("a")->description, "One");
}

TEST(Classification, Errors) {
  EXPECT_EQ(Parsed("foo").place(), "signature.classification.syntax@1:1+3");
  EXPECT_EQ(Parsed("config classification: 1a,x,1").place(), "signature.classification.syntax@1:24+2");
  EXPECT_EQ(Parsed("config classification: ,x,1").place(), "signature.classification.syntax@1:24+4");
  EXPECT_EQ(Parsed("config classification: a,1").place(), "signature.classification.syntax@1:25+2");
  EXPECT_EQ(Parsed("config classification: a").place(), "signature.classification.syntax@1:25+0");
  EXPECT_EQ(Parsed("config classification: a,x,0").place(), "signature.classification.priority@1:28+1");
  EXPECT_EQ(Parsed("config classification: a,x,256").place(), "signature.classification.priority@1:28+3");
  EXPECT_EQ(Parsed("config classification: a,x,1y").place(), "signature.classification.priority@1:28+2");
  EXPECT_EQ(Parsed("foo\nbar\nconfig classification: a,x,1").out.error_count(), 2U);
}

}  // namespace
}  // namespace bulkhead::signatures
