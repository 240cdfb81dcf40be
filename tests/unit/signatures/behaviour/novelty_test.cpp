#include "signatures/behaviour/novelty.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bulkhead::behaviour {
namespace {

TEST(Novelty, WhatWasSeenIsNoSurpriseAndWhatWasNotIsByGoodAndTuring) {
  Novelty verbs;
  verbs.learn(1, 500);
  verbs.learn(2, 499);
  EXPECT_EQ(verbs.surprise(1), 0);
  EXPECT_NEAR(verbs.surprise(3), 3, 1e-9) << "nothing was seen once in 999";
  verbs.learn(4);
  EXPECT_NEAR(verbs.surprise(3), -std::log10(2.0 / 1001), 1e-9);
  verbs.learn(4);
  EXPECT_NEAR(verbs.surprise(3), -std::log10(1.0 / 1002), 1e-9) << "twice is not once";
}

TEST(Novelty, WhoBringsSomethingNewEachTimeSurprisesNobody) {
  Novelty paths;
  for (std::uint64_t i = 0; i < 1000; ++i) paths.learn(i);
  EXPECT_LT(paths.surprise(5000), 0.01);
}

TEST(Novelty, ExposureCountsAndNothingLearnedSaysNothing) {
  const Novelty nothing;
  EXPECT_EQ(nothing.surprise(1), 0);
  EXPECT_NEAR(nothing.surprise(1, 999), 3, 1e-9) << "a server that never opened a flow";
}

TEST(Novelty, BeyondItsBoundNothingIsNew) {
  Novelty many;
  for (std::uint64_t i = 0; i <= Novelty::kMaxTokens; ++i) many.learn(i, 2);
  EXPECT_EQ(many.distinct(), Novelty::kMaxTokens);
  EXPECT_TRUE(many.knows(1'000'000));
  EXPECT_EQ(many.surprise(1'000'000), 0);
}

}  // namespace
}  // namespace bulkhead::behaviour
