#include "config/yaml/source_span.h"

#include <gtest/gtest.h>

namespace bulkhead::config {
namespace {

TEST(SourceSpan, MarksCountFromZeroSpansFromOne) {
  const auto file = std::make_shared<SourceFile>("a.yaml", "k: v\n");
  const SourceSpan span = span_from_mark(file, 0, 3, 1);
  EXPECT_EQ(span.line, 1U);
  EXPECT_EQ(span.column, 4U);
  EXPECT_EQ(span.length, 1U);
}

TEST(SourceSpan, NoMarkIsNoPosition) {
  const SourceSpan span = span_from_mark(nullptr, -1, -1, 4);
  EXPECT_EQ(span.line, 0U);
  EXPECT_EQ(span.length, 0U);
}

TEST(SourceSpan, PartOfASpanAndBeyondIt) {
  const SourceSpan span{nullptr, 3, 10, 6};
  EXPECT_EQ(sub_span(span, 2, 3).column, 12U);
  EXPECT_EQ(sub_span(span, 2, 3).length, 3U);
  EXPECT_EQ(sub_span(span, 5, 3).column, 10U) << "a part that does not fit is the whole";
}

}  // namespace
}  // namespace bulkhead::config
