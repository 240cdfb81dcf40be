#include "signatures/compile/shared_objects.h"

#include <gtest/gtest.h>

#include <vector>

namespace bulkhead::signatures {
namespace {

TEST(SharedObjects, AreKnownAsLongAsSomebodyHasThem) {
  SharedObjects<int> all;
  auto one = std::make_shared<int>(1);
  all.keep("one", one);
  EXPECT_EQ(all.find("one"), one);
  EXPECT_EQ(all.find("two"), nullptr);
  one.reset();
  EXPECT_EQ(all.find("one"), nullptr);
}

TEST(SharedObjects, NamesOfWhatIsGoneAreSweptOut) {
  SharedObjects<int> all;
  std::vector<std::shared_ptr<int>> held;
  for (int i = 0; i < 100'000; ++i) {
    auto object = std::make_shared<int>(i);
    all.keep(std::to_string(i), object);
    if (i % 1000 == 0) held.push_back(object);
  }
  EXPECT_LE(all.names(), 400U);
  for (const auto& object : held) EXPECT_EQ(all.find(std::to_string(*object)), object);
}

}  // namespace
}  // namespace bulkhead::signatures
