#include "datapath/base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "datapath/base/counters.h"

namespace bulkhead {
namespace {

Result<std::unique_ptr<int>> half(int value) {
  if (value % 2 != 0) return Error{"halve", std::to_string(value), 22, "odd"};
  return std::make_unique<int>(value / 2);
}

TEST(Result, ValueOrError) {
  auto good = half(8);
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(**good, 4);
  const std::unique_ptr<int> moved = std::move(good).value();
  EXPECT_EQ(*moved, 4);
  const auto bad = half(3);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().object, "3");
  EXPECT_EQ(bad.error().to_string(), "halve 3: odd (errno 22)");
  EXPECT_TRUE(ok().has_value());
}

TEST(Result, ErrnoErrorNamesTheKernelsText) {
  const Error error = errno_error("open", "/nowhere", ENOENT);
  EXPECT_EQ(error.code, ENOENT);
  EXPECT_NE(error.to_string().find("No such file"), std::string::npos);
  EXPECT_EQ((Error{"stop", "", 0, ""}).to_string(), "stop");
}

TEST(ResultDeathTest, TheWrongSideStopsTheProcess) {
  const auto bad = half(3);
  EXPECT_DEATH(static_cast<void>(bad.value()), "has_value");
  const auto good = half(2);
  EXPECT_DEATH(static_cast<void>(good.error()), "has_value");
}

TEST(Counter, AddsSubtractsAndCopies) {
  Counter counter;
  counter.add();
  counter.add(10);
  counter.sub(3);
  EXPECT_EQ(counter.value(), 8U);
  const Counter copy = counter;
  counter.set(1);
  EXPECT_EQ(copy.value(), 8U);
  EXPECT_EQ(counter.value(), 1U);
}

}  // namespace
}  // namespace bulkhead
