#include "datapath/event/packed_texts.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace bulkhead::event {
namespace {

TEST(PackedTexts, GiveBackWhatWasPackedAndShareItWithCopies) {
  const std::string with_zero("a\0b", 3);
  const TextList list(std::vector<std::string>{"", "one", with_zero, ""});
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0], "");
  EXPECT_EQ(list[1], "one");
  EXPECT_EQ(list[2], with_zero);
  EXPECT_EQ(list[3], "");
  const TextList copy = list;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy[1].data(), list[1].data());
  EXPECT_EQ(copy, list);
  EXPECT_FALSE(list == TextList({"one"}));
  EXPECT_TRUE(TextList().empty());
  EXPECT_EQ(TextList().begin(), TextList().end());
  std::vector<std::string> all(list.begin(), list.end());
  EXPECT_EQ(all, (std::vector<std::string>{"", "one", with_zero, ""}));
}

TEST(PackedTexts, BordersCount) {
  EXPECT_FALSE(TextList({"ab", "c"}) == TextList({"a", "bc"}));
  EXPECT_FALSE(TextList({"", ""}) == TextList({""}));
}

TEST(TextPairs, KeysAndValuesInOrder) {
  TextPairs pairs;
  EXPECT_TRUE(pairs.empty());
  pairs = {{"b", "1"}, {"a", ""}};
  std::string all;
  for (const auto& [key, value] : pairs) all.append(key).append("=").append(value).append(";");
  EXPECT_EQ(all, "b=1;a=;");
  EXPECT_EQ(pairs, TextPairs(std::vector<std::pair<std::string, std::string>>{{"b", "1"}, {"a", ""}}));
}

TEST(SharedText, IsEmptyOrHeldOnce) {
  const SharedText none, text = "category";
  const SharedText copy = text;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none, "");
  EXPECT_EQ(copy.str().data(), text.str().data());
  EXPECT_EQ(SharedText(std::string("category")), text);
  EXPECT_TRUE(SharedText("").empty());
}

}  // namespace
}  // namespace bulkhead::event
