#include "signatures/keywords/number_test.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/variable_names.h"

namespace bulkhead::signatures {
namespace {

using Mode = NumberTest::Mode;

TEST(NumberTest, Forms) {
  EXPECT_EQ(parse_number_test("5", 255), (NumberTest{Mode::kEqual, 5, 0}));
  EXPECT_EQ(parse_number_test("=5", 255), (NumberTest{Mode::kEqual, 5, 0}));
  EXPECT_EQ(parse_number_test("!5", 255), (NumberTest{Mode::kNotEqual, 5, 0}));
  EXPECT_EQ(parse_number_test("!=5", 255), (NumberTest{Mode::kNotEqual, 5, 0}));
  EXPECT_EQ(parse_number_test(" < 5 ", 255), (NumberTest{Mode::kLess, 5, 0}));
  EXPECT_EQ(parse_number_test("<=5", 255), (NumberTest{Mode::kLessEqual, 5, 0}));
  EXPECT_EQ(parse_number_test(">5", 255), (NumberTest{Mode::kGreater, 5, 0}));
  EXPECT_EQ(parse_number_test(">=5", 255), (NumberTest{Mode::kGreaterEqual, 5, 0}));
  EXPECT_EQ(parse_number_test("3 <> 9", 255), (NumberTest{Mode::kBetween, 3, 9}));
  EXPECT_EQ(parse_number_test("3-9", 255), (NumberTest{Mode::kBetween, 3, 9}));
}

TEST(NumberTest, Refusals) {
  for (const char* bad :
       {"", "x", "256", "-1", "5x", "<0", ">255", "5<>5", "5<>6", "9<>3", "!5<>10", "0x10", "3-4", "--", "<>"}) {
    EXPECT_FALSE(parse_number_test(bad, 255)) << bad;
  }
  EXPECT_TRUE(parse_number_test("255", 255));
  EXPECT_TRUE(parse_number_test(">254", 255));
  EXPECT_TRUE(parse_number_test("18446744073709551615", UINT64_MAX));
}

TEST(NumberTest, HoldsWithBothEndsOfARangeExcluded) {
  const auto between = *parse_number_test("3-6", 255);
  EXPECT_FALSE(between.holds(3));
  EXPECT_TRUE(between.holds(4));
  EXPECT_TRUE(between.holds(5));
  EXPECT_FALSE(between.holds(6));
  EXPECT_TRUE(parse_number_test("<=5", 255)->holds(5));
  EXPECT_FALSE(parse_number_test("<5", 255)->holds(5));
  EXPECT_TRUE(parse_number_test(">=5", 255)->holds(5));
  EXPECT_FALSE(parse_number_test(">5", 255)->holds(5));
  EXPECT_TRUE(parse_number_test("!5", 255)->holds(4));
  EXPECT_FALSE(parse_number_test("!5", 255)->holds(5));
}

TEST(ParseNumber, Whole) {
  EXPECT_EQ(parse_number<std::uint8_t>("255"), 255);
  EXPECT_FALSE(parse_number<std::uint8_t>("256"));
  EXPECT_FALSE(parse_number<std::uint8_t>("-1"));
  EXPECT_FALSE(parse_number<std::uint8_t>("1 "));
  EXPECT_FALSE(parse_number<std::uint8_t>(""));
  EXPECT_EQ(parse_number<std::int64_t>("-5"), -5);
  EXPECT_EQ(parse_any_base<std::uint32_t>("0xFf"), 255U);
  EXPECT_FALSE(parse_any_base<std::uint32_t>("0x"));
}

TEST(ParseNumber, Split) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(split(" a , b,,c ", ','), (Parts{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), Parts{""});
}

TEST(VariableNames, NumbersAreDense) {
  NameTable table;
  EXPECT_EQ(table.id("a"), 0U);
  EXPECT_EQ(table.id("b"), 1U);
  EXPECT_EQ(table.id("a"), 0U);
  EXPECT_EQ(table.name(1), "b");
  EXPECT_EQ(table.size(), 2U);
}

}  // namespace
}  // namespace bulkhead::signatures
