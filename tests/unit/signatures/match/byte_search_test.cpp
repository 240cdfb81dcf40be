#include "signatures/match/byte_search.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace bulkhead::signatures {
namespace {

ByteSpan span_of(const std::string& s) {
  return {reinterpret_cast<const Byte*>(s.data()), s.size()};
}

TEST(ByteSearch, AgreesWithAPlainSearchForEveryAnchor) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text, pattern;
    for (unsigned n = random() % 30; n > 0; --n) text += "abAB1{["[random() % 7];
    for (unsigned n = 1 + random() % 4; n > 0; --n) pattern += "ab1{["[random() % 5];
    std::string lower = text;
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    for (std::size_t anchor = 0; anchor < pattern.size(); ++anchor) {
      ASSERT_EQ(find_nocase(span_of(text), pattern, anchor), lower.find(pattern))
          << text << " / " << pattern << " / " << anchor;
    }
    ASSERT_EQ(find_exact(span_of(text), pattern), text.find(pattern));
  }
}

TEST(ByteSearch, ShortTextAndEmptyPattern) {
  EXPECT_EQ(find_exact({}, "a"), kNotFound);
  EXPECT_EQ(find_nocase({}, "a", 0), kNotFound);
  EXPECT_EQ(find_exact(span_of("abc"), ""), 0U);
  EXPECT_EQ(find_nocase(span_of("xABC"), "abc", 1), 1U);
}

}  // namespace
}  // namespace bulkhead::signatures
