#include "signatures/compile/rare.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "signatures/compile/shared_list.h"
#include "signatures/compile/signature.h"

namespace bulkhead::signatures {
namespace {

TEST(Rare, IsAnOptionalWhoseCopiesAreTheirOwn) {
  Rare<std::string> none, text = std::string("a");
  EXPECT_EQ(sizeof(none), sizeof(void*));
  EXPECT_FALSE(none.has_value());
  Rare<std::string> copy = text;
  *copy += "b";
  EXPECT_EQ(*text, "a");
  text = copy;
  EXPECT_EQ(*text, "ab");
  text.reset();
  EXPECT_FALSE(text);
  EXPECT_EQ(copy->size(), 2U);
}

TEST(RareList, IsAVectorWhoseCopiesAreTheirOwn) {
  RareList<int> list;
  EXPECT_EQ(sizeof(list), sizeof(void*));
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.begin(), list.end());
  list.push_back(1);
  list.emplace_back(2);
  const RareList<int> copy = list;
  list[0] = 3;
  EXPECT_EQ(copy[0], 1);
  EXPECT_EQ(list.back(), 2);
  list.remove_if([](int i) { return i == 3; });
  EXPECT_EQ(list.size(), 1U);
  EXPECT_EQ(list, RareList<int>({2}));
  list.clear();
  EXPECT_EQ(list, RareList<int>());
  EXPECT_EQ(RareList<int>(std::vector<int>{}), RareList<int>());
}

TEST(SharedList, CopiesShare) {
  const SharedList<int> list{1, 2, 3};
  const SharedList<int> copy = list;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_TRUE(copy.is(list));
  EXPECT_EQ(copy.begin(), list.begin());
  EXPECT_EQ(list.front() + list.back(), 4);
  EXPECT_EQ(list, SharedList<int>({1, 2, 3}));
  EXPECT_FALSE(list == SharedList<int>());
  EXPECT_TRUE(SharedList<int>().empty());
}

TEST(SignatureList, CopiesAreRulesOfTheirOwnAndTakenOverOnesAreShared) {
  SignatureList list;
  list.push_back(Signature{});
  list[0].priority = 1;
  SignatureList copy = list;
  copy[0].priority = 2;
  EXPECT_EQ(list[0].priority, 1);
  SignatureList other;
  other.push_back(Signature{});
  other.take_over(list, 0);
  EXPECT_EQ(&other[1], &list[0]);
  other.reorder({1, 0});
  EXPECT_EQ(&other[0], &list[0]);
  other.remove_if([](const Signature& s) { return s.priority == 1; });
  EXPECT_EQ(other.size(), 1U);
  EXPECT_LE(sizeof(Signature), 520U) << "of which there are fifteen thousand";
}

}  // namespace
}  // namespace bulkhead::signatures
