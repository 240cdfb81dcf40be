#include "datapath/base/diagnostic.h"

#include <gtest/gtest.h>

#include <sstream>

namespace bulkhead {
namespace {

SourceFilePtr file(std::string text) {
  return std::make_shared<SourceFile>("web.yaml", std::move(text));
}

TEST(SourceFile, LinesAndPositions) {
  const SourceFile source("a", "one\r\ntwo\n\nfour");
  EXPECT_EQ(source.line_count(), 4U);
  EXPECT_EQ(source.line(1), "one");
  EXPECT_EQ(source.line(2), "two");
  EXPECT_EQ(source.line(3), "");
  EXPECT_EQ(source.line(4), "four");
  EXPECT_EQ(source.line(0), "");
  EXPECT_EQ(source.line(5), "");
  EXPECT_EQ(source.position(0).line, 1U);
  EXPECT_EQ(source.position(5).line, 2U);
  EXPECT_EQ(source.position(7).column, 3U);
  EXPECT_EQ(SourceFile("a", "").line_count(), 1U);
  EXPECT_EQ(SourceFile("a", "x\n").line_count(), 1U);
}

TEST(Diagnostics, PrintsPositionLineCaretAndHint) {
  const Diagnostic diagnostic{Severity::kError,
                              "policy.selector.unknown_label",
                              "no workload has label \"tear\"",
                              "known labels are app, env, tier",
                              {file("a\n  from: { tear: x }\n"), 2, 11, 4}};
  EXPECT_EQ(Diagnostics::format(diagnostic),
            "web.yaml:2:11-14: error[policy.selector.unknown_label]: no workload has label \"tear\"\n"
            "   2 |   from: { tear: x }\n"
            "     |           ^^^^\n"
            "  hint: known labels are app, env, tier\n");
}

TEST(Diagnostics, WithoutPositionOrFile) {
  EXPECT_EQ(Diagnostics::format({Severity::kWarning, "x.y", "odd", "", {}}), "warning[x.y]: odd\n");
  EXPECT_EQ(Diagnostics::format({Severity::kNote, "x.y", "odd", "", {file("a"), 0, 0, 0}}),
            "web.yaml: note[x.y]: odd\n");
}

TEST(Diagnostics, LongLinesAreCutAroundTheCaret) {
  const std::string text = Diagnostics::format(
      {Severity::kError, "c", "m", "", {file(std::string(3000, 'a') + "BAD" + std::string(3000, 'a')), 1, 3001, 3}});
  EXPECT_LT(text.size(), 400U);
  const std::size_t word = text.find("BAD"), line = text.rfind('\n', word), carets = text.find("^^^");
  ASSERT_NE(carets, std::string::npos);
  EXPECT_EQ(word - line, carets - text.rfind('\n', carets));
}

TEST(Diagnostics, PositionsOutsideTheLineAreHarmless) {
  for (const std::uint32_t column : {1U, 2U, 50U, 4000000000U}) {
    const std::string text = Diagnostics::format({Severity::kError, "c", "m", "", {file("x"), 1, column, 9}});
    EXPECT_NE(text.find('^'), std::string::npos) << column;
    EXPECT_LT(text.size(), 200U);
  }
}

TEST(Diagnostics, CountsAndAppends) {
  Diagnostics all, more;
  all.error({}, "a.b", "first");
  all.warning({}, "a.c", "second");
  more.error({}, "a.b", "third");
  all.append(more);
  EXPECT_TRUE(all.has_errors());
  EXPECT_EQ(all.error_count(), 2U);
  EXPECT_EQ(all.warning_count(), 1U);
  EXPECT_EQ(all.all().size(), 3U);
  EXPECT_EQ(all.count_by_code(Severity::kError).at("a.b"), 2U);
  EXPECT_FALSE(Diagnostics().has_errors());
  std::ostringstream out;
  all.print(out, 1);
  EXPECT_EQ(out.str(), "error[a.b]: first\n... and 2 more\n");
}

TEST(NearestWord, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> words{"content", "depth", "distance", "within"};
  EXPECT_EQ(nearest_word("contnet", words), "content");
  EXPECT_EQ(nearest_word("dept", words), "depth");
  EXPECT_EQ(nearest_word("xyzzy", words), "");
  EXPECT_EQ(nearest_word("", {}), "");
}

}  // namespace
}  // namespace bulkhead
