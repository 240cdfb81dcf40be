#include "signatures/match/payload_matcher.h"

#include <gtest/gtest.h>

#include "tests/support/matcher_harness.h"
#include "tests/support/signature_maker.h"

namespace bulkhead::test {
namespace {

using signatures::PayloadMatcher;
using signatures::PayloadOp;
using signatures::RuleProtocol;

class PayloadMatcherTest : public ::testing::Test {
 protected:
  // Do these options hold on the bytes, which begin at `begin` of their stream?
  bool holds(std::vector<PayloadOp> ops, std::string_view text, std::uint64_t begin = 0, bool line_start = true) {
    signatures::Signature s = rule(1, RuleProtocol::kUdp, std::move(ops));
    s.variable_slots = 4;
    db_ = compile_list({s});
    matcher_ = std::make_unique<PayloadMatcher>(db_, limits);
    return matcher_->matches(db_->rules[0],
                             {{reinterpret_cast<const Byte*>(text.data()), text.size()}, begin, line_start});
  }
  signatures::MatchLimits limits;
  signatures::SignatureDbPtr db_;
  std::unique_ptr<PayloadMatcher> matcher_;
};

TEST_F(PayloadMatcherTest, ContentTriesEveryPlaceThatALaterRelativeOneNeeds) {
  EXPECT_TRUE(holds({content("ab"), content("X", {.distance = 1, .within = 1})}, "ab ab-X"));
  EXPECT_FALSE(holds({content("ab"), content("X", {.distance = 1, .within = 1})}, "ab ab--X"));
  EXPECT_TRUE(
      holds({content("a"), content("b", {.distance = 0}), content("c", {.distance = 0, .within = 1})}, "a b b bc"));
}

TEST_F(PayloadMatcherTest, DepthCountsFromTheOffset) {
  EXPECT_TRUE(holds({content("abc", {.offset = 2, .depth = 4})}, "xxxabc"));
  EXPECT_FALSE(holds({content("abc", {.offset = 2, .depth = 4})}, "xxxxabc"));
  EXPECT_TRUE(holds({content("abc", {.starts_with = true})}, "abcd"));
  EXPECT_FALSE(holds({content("abc", {.starts_with = true})}, "xabc"));
  EXPECT_TRUE(holds({content("abc", {.ends_with = true})}, "abcabc"));
  EXPECT_FALSE(holds({content("abc", {.ends_with = true})}, "abcd"));
}

TEST_F(PayloadMatcherTest, PositionsCountFromTheStartOfTheStream) {
  EXPECT_TRUE(holds({content("abc", {.depth = 103})}, "abc", 100));
  EXPECT_FALSE(holds({content("abc", {.depth = 102})}, "abc", 100));
  EXPECT_TRUE(holds({content("abc", {.offset = 50})}, "abc", 100));
  EXPECT_FALSE(holds({content("abc", {.starts_with = true})}, "abc", 100));
  // Where the range lies before what is there, neither the content nor its absence can be seen.
  EXPECT_FALSE(holds({content("abc", {.negated = true, .depth = 10})}, "xyz", 100));
}

TEST_F(PayloadMatcherTest, NegatedContentLooksOnlyInItsRange) {
  EXPECT_TRUE(holds({content("a"), content("b", {.negated = true, .within = 2})}, "a..b"));
  EXPECT_FALSE(holds({content("a"), content("b", {.negated = true, .within = 3})}, "a..b"));
  // Another place of the first content may do.
  EXPECT_TRUE(holds({content("a"), content("b", {.negated = true, .within = 1})}, "ab a."));
}

TEST_F(PayloadMatcherTest, NocaseMeansAsciiLetters) {
  EXPECT_TRUE(holds({content("GeT", {.nocase = true})}, "xxgEt"));
  EXPECT_FALSE(holds({content("GeT")}, "xxgEt"));
  EXPECT_FALSE(holds({content("[", {.nocase = true})}, "{"));
}

// As measured with the reference engine: an end before the buffer is no end at all.
TEST_F(PayloadMatcherTest, WithinThatEndsBeforeTheBufferIsNoLimit) {
  EXPECT_TRUE(holds({content("Xa"), content("Y", {.distance = -20, .within = 5})}, "XabYab"));
}

TEST_F(PayloadMatcherTest, IsDataAt) {
  const auto at = [](std::int64_t n, bool relative, bool negated) {
    signatures::IsDataAtOp op;
    op.position.number = n;
    op.relative = relative;
    op.negated = negated;
    return PayloadOp(op);
  };
  EXPECT_TRUE(holds({content("XabYab"), at(5, false, false)}, "XabYab"));
  EXPECT_FALSE(holds({content("XabYab"), at(6, false, false)}, "XabYab"));
  EXPECT_TRUE(holds({content("bYab"), at(0, true, false)}, "XabYab"));
  EXPECT_FALSE(holds({content("bYab"), at(1, true, false)}, "XabYab"));
  EXPECT_TRUE(holds({content("bYab"), at(1, true, true)}, "XabYab"));
}

TEST_F(PayloadMatcherTest, ByteExtractSetsTheCursorAndTheVariable) {
  signatures::ByteExtractOp extract;
  extract.field.count.number = 1;
  PayloadOp relative = content("z", {.distance = 0, .within = 1});
  EXPECT_TRUE(holds({extract, relative}, "\x01zabcz"));
  PayloadOp by_variable = content("zabc", {.offset = 0, .depth = 4});
  std::get<signatures::ContentOp>(by_variable).offset = {0, 0};
  EXPECT_TRUE(holds({extract, by_variable}, "\x01zabcz"));
  EXPECT_FALSE(holds({extract, by_variable}, "\x02zabcz"));
}

TEST_F(PayloadMatcherTest, ByteJumpMayLandOnTheEndButNotBehindIt) {
  signatures::ByteJumpOp jump;
  jump.field.count.number = 1;
  EXPECT_TRUE(holds({content("abcd"), jump},
                    "\x04"
                    "abcd"));
  EXPECT_FALSE(holds({content("abcd"), jump},
                     "\x05"
                     "abcd"));
  jump.from_end = true;
  jump.post_offset = -7;
  EXPECT_TRUE(holds({jump, content("cd", {.distance = 0, .within = 2})}, std::string("\x05"
                                                                                     "abcd",
                                                                                     5)));
}

TEST_F(PayloadMatcherTest, ByteTestReadsTextAndBinary) {
  signatures::ByteTestOp test;
  test.field.count.number = 2;
  test.value.number = 0x0102;
  EXPECT_TRUE(holds({test}, std::string("\x01\x02", 2)));
  test.field.order = signatures::ByteOrder::kLittle;
  EXPECT_FALSE(holds({test}, std::string("\x01\x02", 2)));
  test.field.base = signatures::NumberBase::kDecimal;
  test.value.number = 42;
  EXPECT_TRUE(holds({test}, "42"));
  EXPECT_FALSE(holds({test}, "zz"));
  EXPECT_FALSE(holds({test}, "4"));
}

TEST_F(PayloadMatcherTest, PcreIsTriedAgainForALaterRelativeOption) {
  EXPECT_TRUE(holds({pcre("a."), content("X", {.distance = 0, .within = 1})}, "ab acX"));
  EXPECT_TRUE(holds({content("k="), pcre("^\\d+;", true)}, "k=a k=12;"));
  EXPECT_FALSE(holds({pcre("^b")}, "ab"));
  EXPECT_FALSE(holds({pcre("^b")}, "b", 10, false));
  EXPECT_TRUE(holds({pcre("zzz", false, true)}, "ab"));
}

TEST_F(PayloadMatcherTest, LimitsEndTheSearchAndAreCounted) {
  limits.recursion = 50;
  EXPECT_FALSE(holds({content("a"), content("b", {.distance = 0}), content("X", {.distance = 0, .within = 1})},
                     std::string(40, 'a') + std::string(40, 'b')));
  EXPECT_EQ(matcher_->counters().recursion_limit.value(), 1U);
  limits = {};
  limits.pcre_match = 10;
  EXPECT_FALSE(holds({pcre("(a+)+$", true)}, std::string(60, 'a') + "b"));
  EXPECT_GE(matcher_->counters().pcre_limit.value(), 1U);
}

}  // namespace
}  // namespace bulkhead::test
