#define PCRE2_CODE_UNIT_WIDTH 8
#include "signatures/compile/regex.h"

#include <gtest/gtest.h>
#include <pcre2.h>

#include <string_view>

#include "signatures/compile/hyperscan_db.h"

namespace bulkhead::signatures {
namespace {

PcreOp expression(std::string pattern) {
  PcreOp op;
  op.pattern = std::move(pattern);
  return op;
}

bool matches(const PcreOp& op, std::string_view text) {
  const auto regex = Regex::compile(op);
  EXPECT_TRUE(regex.has_value());
  pcre2_match_data* data = pcre2_match_data_create_from_pattern(regex->code(), nullptr);
  const int found =
      pcre2_match(regex->code(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data, nullptr);
  pcre2_match_data_free(data);
  return found > 0;
}

// What the pre-check says; it may only err towards true.
bool passes(const Regex& regex, std::string_view text) {
  HyperscanScratch scratch;
  EXPECT_TRUE(scratch.reserve(regex.precheck()).has_value());
  bool hit = false;
  const auto on_match = [](unsigned, unsigned long long, unsigned long long, unsigned, void* context) {
    *static_cast<bool*>(context) = true;
    return 0;
  };
  EXPECT_EQ(
      hs_scan(regex.precheck(), text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(), on_match, &hit),
      HS_SUCCESS);
  return hit;
}

TEST(Regex, EachOptionReachesPcre2) {
  EXPECT_FALSE(matches(expression("abc"), "xABC"));
  PcreOp op = expression("abc");
  op.caseless = true;
  EXPECT_TRUE(matches(op, "xABC"));
  op.anchored = true;
  EXPECT_FALSE(matches(op, "xABC"));

  EXPECT_FALSE(matches(expression("a.b"), "a\nb"));
  op = expression("a.b");
  op.dotall = true;
  EXPECT_TRUE(matches(op, "a\nb"));

  EXPECT_FALSE(matches(expression("^b"), "a\nb"));
  op = expression("^b");
  op.multiline = true;
  EXPECT_TRUE(matches(op, "a\nb"));

  EXPECT_FALSE(matches(expression("a b"), "ab"));
  op = expression("a b");
  op.extended = true;
  EXPECT_TRUE(matches(op, "ab"));

  EXPECT_TRUE(matches(expression("a$"), "a\n"));
  op = expression("a$");
  op.dollar_end_only = true;
  EXPECT_FALSE(matches(op, "a\n"));
}

TEST(Regex, AMistakeHasItsPlace) {
  const auto regex = Regex::compile(expression("ab(c"));
  ASSERT_FALSE(regex.has_value());
  EXPECT_NE(regex.error().to_string().find("at byte 4"), std::string::npos) << regex.error().to_string();
}

TEST(Regex, ThePrecheckNeverRefusesWhatMatches) {
  PcreOp op = expression("user=(\\w+)&again=\\1$");  // Hyperscan has no references back: a wider form stands in
  op.caseless = true;
  auto regex = Regex::compile(op);
  ASSERT_TRUE(regex.has_value());
  ASSERT_TRUE(regex->add_precheck(op));
  EXPECT_TRUE(matches(op, "USER=joe&again=joe"));
  EXPECT_TRUE(passes(*regex, "USER=joe&again=joe"));
  EXPECT_FALSE(passes(*regex, "nothing of it"));
}

TEST(Regex, NoPrecheckWhereTheEnginesDiffer) {
  for (bool PcreOp::*option : {&PcreOp::extended, &PcreOp::anchored, &PcreOp::dollar_end_only}) {
    PcreOp op = expression("abc");
    op.*option = true;
    auto regex = Regex::compile(op);
    ASSERT_TRUE(regex.has_value());
    EXPECT_FALSE(regex->add_precheck(op));
    EXPECT_EQ(regex->precheck(), nullptr);
  }
}

TEST(Regex, EqualExpressionsHaveOneKey) {
  PcreOp one = expression("abc"), other = expression("abc");
  EXPECT_EQ(Regex::key(one), Regex::key(other));
  other.relative = other.negated = true;  // the matcher's business, not the expression's
  EXPECT_EQ(Regex::key(one), Regex::key(other));
  other.caseless = true;
  EXPECT_NE(Regex::key(one), Regex::key(other));
}

TEST(Regex, BytesGrowWithThePrecheck) {
  const PcreOp op = expression("[a-f]{8}");
  auto regex = Regex::compile(op);
  ASSERT_TRUE(regex.has_value());
  const std::size_t alone = regex->bytes();
  EXPECT_GT(alone, 0u);
  ASSERT_TRUE(regex->add_precheck(op));
  EXPECT_GT(regex->bytes(), alone);
}

}  // namespace
}  // namespace bulkhead::signatures
