#include "datapath/base/pooled.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

namespace bulkhead {
namespace {

struct Base : Pooled {
  virtual ~Base() = default;
};
template <std::size_t kSize>
struct Sized final : Base {
  std::array<unsigned char, kSize> bytes{};
};

#ifdef __SANITIZE_ADDRESS__
constexpr bool kKeeps = false;
#else
constexpr bool kKeeps = true;
#endif

TEST(Pooled, TheNextOfItsSizeGetsTheMemory) {
  if (!kKeeps) GTEST_SKIP() << "nothing is kept under the address sanitizer";
  auto first = std::make_unique<Sized<1300>>();
  const void* const where = first.get();
  first.reset();
  const auto other = std::make_unique<Sized<200>>();
  EXPECT_NE(static_cast<const void*>(other.get()), where);
  const auto second = std::make_unique<Sized<1300>>();
  EXPECT_EQ(static_cast<const void*>(second.get()), where);
}

TEST(Pooled, DeletedThroughTheBaseItGoesToItsOwnSize) {
  if (!kKeeps) GTEST_SKIP() << "nothing is kept under the address sanitizer";
  const std::size_t before = pooled_bytes();
  std::unique_ptr<Base> object = std::make_unique<Sized<2000>>();
  object.reset();
  EXPECT_GE(pooled_bytes() - before, 2000U);
  EXPECT_LT(pooled_bytes() - before, 2100U);
}

TEST(Pooled, WhatItKeepsIsLimited) {
  std::vector<std::unique_ptr<Base>> many;
  for (int i = 0; i < 1000; ++i) many.push_back(std::make_unique<Sized<3000>>());
  many.clear();
  EXPECT_LE(pooled_bytes(), kPoolBytes);
  const std::size_t before = pooled_bytes();
  std::make_unique<Sized<kMostPooled>>().reset();  // larger than any that is kept
  EXPECT_EQ(pooled_bytes(), before);
}

TEST(Pooled, EachThreadKeepsItsOwnAndGivesItBackAtItsEnd) {
  auto object = std::make_unique<Sized<700>>();
  std::thread([&] {
    EXPECT_EQ(pooled_bytes(), 0U);
    object.reset();
    EXPECT_EQ(pooled_bytes() > 0, kKeeps);
    thread_local std::unique_ptr<Base> outlives;  // made before the pool has anything, destroyed after it
    outlives = std::make_unique<Sized<100>>();
  }).join();
}

}  // namespace
}  // namespace bulkhead
