#include "datapath/app/word_list.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace bulkhead::app {
namespace {

TEST(WordList, GivesBackWhatWentIn) {
  WordList list;
  EXPECT_TRUE(list.empty());
  std::vector<std::string> words;
  for (std::size_t i = 0; i < 20; ++i) words.push_back(std::string(i % 5, 'a') + std::to_string(i));
  words[2].clear();
  words[7].clear();
  for (const std::string& word : words) list.push_back(word);
  ASSERT_EQ(list.size(), words.size());
  for (std::size_t i = 0; i < words.size(); ++i) EXPECT_EQ(list[i], words[i]) << i;
  const WordList moved = std::move(list);
  for (std::size_t i = 0; i < words.size(); ++i) EXPECT_EQ(moved[i], words[i]) << i;
}

TEST(WordList, HoldsEmptyWords) {
  WordList list;
  list.push_back("");
  list.push_back("");
  EXPECT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0], "");
  EXPECT_EQ(list[1], "");
}

}  // namespace
}  // namespace bulkhead::app
