#include "signatures/keywords/requirements.h"

#include <gtest/gtest.h>

namespace bulkhead::signatures {
namespace {

TEST(Requirements, Versions) {
  EXPECT_EQ(evaluate_requirements("version >= 7"), true);
  EXPECT_EQ(evaluate_requirements("version >= 7.0.10"), true);
  EXPECT_EQ(evaluate_requirements("version > 7.0.10"), false);
  EXPECT_EQ(evaluate_requirements("version >= 7.0.3 < 8"), true);
  EXPECT_EQ(evaluate_requirements("version >= 8 | >= 7 < 7.1"), true);
  EXPECT_EQ(evaluate_requirements("version < 7 | >= 8.0.1"), false);
  EXPECT_EQ(evaluate_requirements("version <= 7.0.9"), false);
}

TEST(Requirements, OtherWords) {
  EXPECT_EQ(evaluate_requirements("keyword content"), true);
  EXPECT_EQ(evaluate_requirements("keyword frobnicate"), false);
  EXPECT_EQ(evaluate_requirements("feature frobnicate"), false);
  EXPECT_EQ(evaluate_requirements("frobnicate 7"), false);
  EXPECT_EQ(evaluate_requirements("version >= 7, keyword content"), true);
}

TEST(Requirements, Nonsense) {
  for (const char* text : {"version 7", "version >= x", "version >=", "version", "version >= 7, version < 8",
                           "version >= 7.0.1.2", "", "version >= 7,"}) {
    EXPECT_EQ(evaluate_requirements(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace bulkhead::signatures
