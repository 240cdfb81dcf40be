#include "signatures/language/reference_config.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::signatures {
namespace {

struct Parsed {
  Diagnostics out;
  ReferenceTable table;
  explicit Parsed(std::string text)
      : table(parse_references(std::make_shared<const SourceFile>("r.config", std::move(text)), out)) {}
  [[nodiscard]] std::string place() const {
    if (out.all().empty()) return "";
    const Diagnostic& d = out.all().front();
    return d.code + "@" + std::to_string(d.span.line) + ":" + std::to_string(d.span.column) + "+" +
           std::to_string(d.span.length);
  }
};

TEST(ReferenceConfig, ReadsLines) {
  const Parsed p(
      "config reference: bid\t    http://a/b?x=\n#config reference: x y\nconfig reference: arachNIDS http://c/ \n");
  EXPECT_EQ(p.place(), "");
  ASSERT_EQ(p.table.size(), 2U);
  EXPECT_EQ(p.table.find("BID")->url_prefix, "http://a/b?x=");
  EXPECT_EQ(p.table.find("arachnids")->url_prefix, "http://c/");
  EXPECT_EQ(p.table.find("x"), nullptr);
}

TEST(ReferenceConfig, TheFirstOfTwoCounts) {
  const Parsed p("config reference: a http://1\nconfig reference: A http://2\n");
  EXPECT_EQ(p.place(), "signature.reference_config.duplicate@2:1+28");
  EXPECT_EQ(p.table.find("a")->url_prefix, "http://1");
}

TEST(ReferenceConfig, Errors) {
  EXPECT_EQ(Parsed("config refrence: a b").place(), "signature.reference_config.syntax@1:1+20");
  EXPECT_EQ(Parsed("config reference: , b").place(), "signature.reference_config.syntax@1:19+3");
  EXPECT_EQ(Parsed("config reference: a").place(), "signature.reference_config.syntax@1:19+1");
}

}  // namespace
}  // namespace bulkhead::signatures
