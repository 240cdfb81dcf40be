#include "datapath/app/text.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

TEST(Text, WordsAreComparedWithoutCase) {
  EXPECT_TRUE(same_word("EhLo", "ehlo"));
  EXPECT_FALSE(same_word("ehlo ", "ehlo"));
  EXPECT_TRUE(begins_with_word("Mail From:<a>", "mail from"));
  EXPECT_FALSE(begins_with_word("mai", "mail"));
  EXPECT_EQ(lower_case("A-Z0"), "a-z0");
}

TEST(Text, BlanksAtBothEndsGo) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \t"), "");
}

}  // namespace
}  // namespace bulkhead::app
